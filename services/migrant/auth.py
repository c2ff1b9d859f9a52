"""What an actor may do here."""

from typing import Annotated
from uuid import UUID

from services.migrant.errors import PersonNotFound
from shared.actors import Actor
from shared.auth import requires

OFFICE_SCOPES = frozenset({"migrant:read", "migrant:write"})

CanRead = Annotated[Actor, requires("migrant:read", "migrant:write")]
CanWrite = Annotated[Actor, requires("migrant:write")]
CanReadOwn = Annotated[Actor, requires("migrant:read", "migrant:write", "self")]
CanActForSelf = Annotated[Actor, requires("migrant:write", "self")]
CanEmploy = Annotated[Actor, requires("migrant:employ", "migrant:write")]
CanAdminister = Annotated[Actor, requires("migrant:admin")]


def is_office(actor: Actor) -> bool:
    """Whether the caller is an office's clerk rather than the person herself."""
    return not actor.scopes.isdisjoint(OFFICE_SCOPES)


def require_own(actor: Actor, *person_ids: UUID | None) -> None:
    """Offices pass; anybody else only for her own records. Raises PersonNotFound, since
    existence is private."""
    if not is_office(actor) and actor.sub not in {str(each) for each in person_ids if each}:
        raise PersonNotFound()
