"""What an actor may do here."""

from typing import Annotated

from shared.actors import Actor
from shared.auth import requires

CanRead = Annotated[Actor, requires("notify:read", "notify:write")]
CanWrite = Annotated[Actor, requires("notify:write")]
# Staff for anyone in their region; a person (scope `self`) for herself, which the handler checks.
CanActForSelf = Annotated[Actor, requires("notify:write", "self")]
