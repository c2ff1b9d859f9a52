"""What an actor may do here."""

from typing import Annotated

from shared.actors import Actor
from shared.auth import requires

CanRead = Annotated[Actor, requires("exchange:read", "exchange:write")]
CanWrite = Annotated[Actor, requires("exchange:write")]
# What belongs to the county itself and to no region of it: its templates, its partners.
CanReadHere = Annotated[Actor, requires("exchange:read", "exchange:write", at_home=True)]
CanWriteHere = Annotated[Actor, requires("exchange:write", at_home=True)]
CanAdminister = Annotated[Actor, requires("exchange:admin", at_home=True)]
# A person (scope `self`) for herself, which handlers check.
CanActForSelf = Annotated[Actor, requires("exchange:write", "self")]
CanReadForSelf = Annotated[Actor, requires("exchange:read", "exchange:write", "self")]
CanBeHerself = Annotated[Actor, requires("self", at_home=True)]
CanReadOwn = Annotated[Actor, requires("exchange:admin", "self", at_home=True)]
