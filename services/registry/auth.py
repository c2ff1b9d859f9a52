"""What an actor may do in the registry."""

from typing import Annotated

from shared.actors import Actor
from shared.auth import requires

CanRead = Annotated[Actor, requires("registry:read", "registry:write")]
CanWrite = Annotated[Actor, requires("registry:write")]
# Reporters, and a person (scope `self`) for herself and her family, which handlers check.
CanReport = Annotated[Actor, requires("registry:report", "registry:write", "self")]
CanReadReports = Annotated[
    Actor, requires("registry:report", "registry:read", "registry:write", "self")
]
CanWriteAtHome = Annotated[Actor, requires("registry:write", at_home=True)]
# Offices for anyone in their region; a person (scope `self`) for herself, which handlers check.
CanReadOwn = Annotated[Actor, requires("registry:read", "registry:write", "self")]
CanActForSelf = Annotated[Actor, requires("registry:write", "self")]
# Landlords and agents file what they let; they see their own filings only.
CanFileLease = Annotated[Actor, requires("registry:lease", "registry:write")]
CanReadLeases = Annotated[Actor, requires("registry:lease", "registry:read", "registry:write")]
# Changes of the map are decided for a whole county; offices inside it read them.
CanChangeRegions = Annotated[Actor, requires("registry:regions", at_home=True)]
