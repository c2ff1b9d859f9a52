"""Decisions about households, without any I/O."""

from collections.abc import Collection, Mapping, Sequence
from enum import StrEnum
from typing import Final
from uuid import UUID

from shared.codes import FamilyRelation, Sex
from shared.problems import Text


class SplitReason(StrEnum):
    """Why a household splits (分户原因)."""

    OWN_HOME = "own-home"  # 另居
    MARRIAGE = "marriage"  # 婚姻变动
    AGREEMENT = "family-agreement"  # 家庭协议
    OTHER = "other"  # 其他


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


def has_one_head(relations: Sequence[FamilyRelation | None]) -> bool:
    """What is true of every open household: somebody is in it, and one of them heads it."""
    return relations.count(FamilyRelation.HEAD) == 1


_S, _D, _P = FamilyRelation.SON, FamilyRelation.DAUGHTER, FamilyRelation.PARENT
_SPOUSE, _SIBLING = FamilyRelation.SPOUSE, FamilyRelation.SIBLING
_GRANDCHILD, _GRANDPARENT = FamilyRelation.GRANDCHILD, FamilyRelation.GRANDPARENT
# How a member stands to the new head: (what the new head was, what the member was) to the old
# head → to the new one. GB/T 4761 counts parents-in-law among the parents and children-in-law
# among the children. What is missing cannot be told from relations alone.
_RESTATED: Final[dict[tuple[FamilyRelation, FamilyRelation], FamilyRelation]] = {
    (_SPOUSE, _S): _S,
    (_SPOUSE, _D): _D,
    (_SPOUSE, _GRANDCHILD): _GRANDCHILD,
    (_SPOUSE, _P): _P,
    (_S, _SPOUSE): _P,
    (_D, _SPOUSE): _P,
    (_S, _S): _SIBLING,
    (_S, _D): _SIBLING,
    (_D, _S): _SIBLING,
    (_D, _D): _SIBLING,
    (_S, _P): _GRANDPARENT,
    (_D, _P): _GRANDPARENT,
    (_P, _S): _GRANDCHILD,
    (_P, _D): _GRANDCHILD,
    (_SIBLING, _SIBLING): _SIBLING,
    (_SIBLING, _P): _P,
    (_SIBLING, _GRANDPARENT): _GRANDPARENT,
    (_GRANDPARENT, _SIBLING): _GRANDCHILD,
}
# How the old head stands to the new one, who was this to him.
_OLD_HEAD: Final[dict[FamilyRelation, FamilyRelation]] = {
    _SPOUSE: _SPOUSE,
    _S: _P,
    _D: _P,
    _GRANDCHILD: _GRANDPARENT,
    _GRANDPARENT: _GRANDCHILD,
    _SIBLING: _SIBLING,
}


def restated(
    new_head_was: FamilyRelation | None, member_was: FamilyRelation | None, sex: Sex
) -> FamilyRelation | None:
    """How a member is related to a new head, when how both were related to the old head tells
    (GB/T 4761); None when it does not and the clerk has to say."""
    if new_head_was is None or member_was is None:
        return None
    if member_was is not FamilyRelation.HEAD:
        return _RESTATED.get((new_head_was, member_was))
    if new_head_was is _P:
        return {Sex.MALE: _S, Sex.FEMALE: _D}.get(sex)
    return _OLD_HEAD.get(new_head_was)
