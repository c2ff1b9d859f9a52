"""What a person is told when she asks that her data be erased (删除): per kind of data what went,
what stays, and which duty holds it. Free of I/O, so that erasure tables are rules."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Self
from uuid import UUID

from pydantic import BaseModel

from shared.problems import Text


class Reason(BaseModel):
    """A written reason in both languages."""

    zh: str
    en: str

    @classmethod
    def of(cls, text: Text) -> Self:
        return cls(zh=text.zh, en=text.en)


@dataclass(frozen=True, slots=True)
class Keeping:
    """A line of a service's erasure table: a kind of data, and why it is held (`duty` names the
    law or rule), or no duty and why it can go."""

    kind: str
    duty: str | None
    reason: Text


class KindView(BaseModel):
    """What an erasure did to one kind of data: how many records went, how many are held, and
    why; `duty` names the law or rule that holds them, null where nothing does."""

    kind: str
    erased: int
    held: int
    duty: str | None
    reason: Reason


class ErasureView(BaseModel):
    """A decision on an erasure (删除决定), kept as proof of what was asked and why anything stays.
    `covers` is the region whose records it looked at."""

    id: UUID
    person_id: UUID
    covers: str
    decided_at: datetime
    kinds: Sequence[KindView]


def kind_view(keeping: Keeping, count: int) -> KindView:
    """The line of the answer for `count` records of one kind."""
    return KindView(
        kind=keeping.kind,
        erased=0 if keeping.duty else count,
        held=count if keeping.duty else 0,
        duty=keeping.duty,
        reason=Reason.of(keeping.reason),
    )
