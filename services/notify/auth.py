"""What an actor may do here."""

from typing import Annotated

from shared.actors import Actor
from shared.auth import requires

CanRead = Annotated[Actor, requires("notify:read", "notify:write")]
# How this county's delivery goes is its own offices' business.
CanReadHere = Annotated[Actor, requires("notify:read", "notify:write", at_home=True)]
CanWrite = Annotated[Actor, requires("notify:write")]
# An official text goes to any number, at this county's cost and in its name.
CanSend = Annotated[Actor, requires("notify:write", at_home=True)]
# Staff for anyone in their region; a person (scope `self`) for herself, which the handler checks.
CanActForSelf = Annotated[Actor, requires("notify:write", "self")]
# A number may be anybody's: no other county's office silences one here.
CanOptOut = Annotated[Actor, requires("notify:write", "self", at_home=True)]
