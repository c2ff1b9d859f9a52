"""What an actor may do in the registry."""

from typing import Annotated

from shared.actors import Actor
from shared.auth import requires

CanRead = Annotated[Actor, requires("registry:read", "registry:write")]
CanWrite = Annotated[Actor, requires("registry:write")]
CanReport = Annotated[Actor, requires("registry:report", "registry:write")]
CanReadReports = Annotated[Actor, requires("registry:report", "registry:read", "registry:write")]
# Offices for anyone in their region; a person (scope `self`) for herself, which handlers check.
CanReadOwn = Annotated[Actor, requires("registry:read", "registry:write", "self")]
CanActForSelf = Annotated[Actor, requires("registry:write", "self")]
