"""What an actor may do here."""

from typing import Annotated

from shared.actors import Actor
from shared.auth import requires

CanRead = Annotated[Actor, requires("assessment:read", "assessment:write")]
CanWrite = Annotated[Actor, requires("assessment:write")]
