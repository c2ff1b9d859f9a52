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
# At any desk of the county for whoever stands at it or calls, at no other county's; and by herself.
CanTakeConsent = Annotated[Actor, requires("migrant:write", "self", at_home=True)]
CanReadHere = Annotated[Actor, requires("migrant:read", "migrant:write", at_home=True)]
CanReadOwnHere = Annotated[Actor, requires("migrant:read", "migrant:write", "self", at_home=True)]
# Where people are served: administrators keep any place, clerks those of their own office.
CanKeepPlaces = Annotated[Actor, requires("migrant:admin", "migrant:write", at_home=True)]
CanReadPlaces = Annotated[
    Actor, requires("migrant:read", "migrant:write", "migrant:admin", "self", at_home=True)
]
# A machine that hands out free supplies, or the clerk of a desk.
CanDispense = Annotated[Actor, requires("migrant:dispense", "migrant:write")]
CanDrawCodes = Annotated[Actor, requires("migrant:write", "self", at_home=True)]
# The offices that audit a list of benefits together (联审).
CanApprove = Annotated[Actor, requires("migrant:approve")]
# Whoever shows her id card is served at any desk of this county, and at no other county's.
CanSeeCards = Annotated[Actor, requires("migrant:write", at_home=True)]
CanBeHerself = Annotated[Actor, requires("self", at_home=True)]
# For herself, or at any desk of the county.
CanRequest = Annotated[Actor, requires("migrant:write", "self", at_home=True)]
CanReadList = Annotated[Actor, requires("migrant:read", "migrant:write", "migrant:approve")]
