"""What an actor may do here."""

from typing import Annotated

from shared.actors import Actor
from shared.auth import requires

CanRead = Annotated[Actor, requires("migrant:read", "migrant:write")]
CanWrite = Annotated[Actor, requires("migrant:write")]
CanReadOwn = Annotated[Actor, requires("migrant:read", "migrant:write", "self")]
CanActForSelf = Annotated[Actor, requires("migrant:write", "self")]
CanEmploy = Annotated[Actor, requires("migrant:employ", "migrant:write")]
CanAdminister = Annotated[Actor, requires("migrant:admin", at_home=True)]
# At any desk of the county, for whoever stands at it, and at no other county's.
CanTakeConsent = Annotated[Actor, requires("migrant:write", at_home=True)]
