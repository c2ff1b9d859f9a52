"""Decisions about households, without any I/O."""

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from shared.codes import FamilyRelation
from shared.problems import Text


def fault_of_members(head: UUID, members: Sequence[tuple[UUID, FamilyRelation]]) -> Text | None:
    """Why this cannot be a household: it has one head, and everybody stands in it once."""
    if any(relation is FamilyRelation.HEAD for _, relation in members):
        return Text("户主只能有一人", "a household has one head")
    ids = [head, *(person_id for person_id, _ in members)]
    if len(set(ids)) < len(ids):
        return Text("同一人出现两次", "a person is named twice")
    return None


def leaves_others_without_head(
    leaving: Collection[UUID], households: Mapping[UUID, Mapping[UUID, str]]
) -> bool:
    """Whether a household among `households` (id → person → relation) loses its head while
    somebody stays."""
    for members in households.values():
        staying = {
            person: relation for person, relation in members.items() if person not in leaving
        }
        if staying and FamilyRelation.HEAD not in staying.values():
            return FamilyRelation.HEAD in members.values()
    return False
