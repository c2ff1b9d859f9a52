"""What an actor may do here, and which county this installation is."""

from typing import Annotated

from fastapi import Depends, Request

from shared.actors import Actor
from shared.auth import requires

CanRead = Annotated[Actor, requires("assessment:read", "assessment:write", "assessment:oversight")]
CanWrite = Annotated[Actor, requires("assessment:write")]
# What everybody here is judged by: no other county's office declares it.
CanDeclare = Annotated[Actor, requires("assessment:write", at_home=True)]
CanOversee = Annotated[Actor, requires("assessment:oversight")]
CanDecide = Annotated[Actor, requires("assessment:write", "assessment:oversight")]


def _home(request: Request) -> str:
    return str(request.app.state.settings.region)


Home = Annotated[str, Depends(_home)]
"""The region of this installation: the side that observes and judges."""


def _compared_weight(request: Request) -> int:
    return int(request.app.state.settings.compared_weight)


ComparedWeight = Annotated[int, Depends(_compared_weight)]
"""How much of the weight, of 100, must have been judged for a score to be set beside others."""


def _open_licence(request: Request) -> str:
    return str(request.app.state.settings.open_data_licence)


OpenLicence = Annotated[str, Depends(_open_licence)]
"""The licence line of the open data."""
