"""What an actor may do here."""

from typing import Annotated

from shared.actors import Actor
from shared.auth import requires

CanRead = Annotated[Actor, requires("exchange:read", "exchange:write")]
CanWrite = Annotated[Actor, requires("exchange:write")]
CanAdminister = Annotated[Actor, requires("exchange:admin", at_home=True)]
