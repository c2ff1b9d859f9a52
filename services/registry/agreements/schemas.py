"""Commands and views of agreements."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, Field, model_validator

from services.registry.agreements.catalogue import AgreementKind, Clause
from services.registry.agreements.rules import AgreementState, EndReason
from services.registry.persons.schemas import PastDate
from shared.commands import Command
from shared.text import CalendarDay

_FIRST, _LAST = date(2000, 1, 1), date(2100, 1, 1)


def _of_our_time(day: date) -> date:
    if not _FIRST <= day <= _LAST:
        raise ValueError("日期应在 2000 年至 2100 年之间 / a date between 2000 and 2100 is needed")
    return day


AgreementDay = Annotated[CalendarDay, AfterValidator(_of_our_time)]
Added = Annotated[
    list[Annotated[str, Field(max_length=40)]], Field(max_length=20, default_factory=list)
]


class DraftAgreement(Command):
    """Draft an agreement (拟定协议) with one party, in the latest edition of its kind. Clauses come
    from the catalogue; there is no way to write one."""

    kind: AgreementKind
    work_unit_id: UUID | None = None
    post_id: UUID | None = None
    lease_id: UUID | None = None
    since: AgreementDay
    until: AgreementDay
    added_clauses: Added

    @model_validator(mode="after")
    def _whole(self) -> Self:
        parties = (self.work_unit_id, self.post_id, self.lease_id)
        if sum(party is not None for party in parties) > 1:
            raise ValueError("只能有一个对方 / an agreement has one other party")
        if self.until <= self.since:
            raise ValueError("终止日期应晚于开始日期 / it ends after it begins")
        return self


class SignAgreement(Command):
    """Both have signed on paper (签订)."""

    signed_on: PastDate


class RenewAgreement(Command):
    """Go on after the present one, in the latest edition (续签); signed on that day."""

    until: AgreementDay
    signed_on: PastDate
    added_clauses: Added


class EndAgreement(Command):
    """End it before its time (终止); `ended_on` is the first day it no longer runs."""

    ended_on: PastDate
    reason: EndReason


class AgreementView(BaseModel):
    """An agreement by its parties' ids; `state` is that of today."""

    id: UUID
    version: int
    kind: AgreementKind
    region: str
    work_unit_id: UUID | None
    post_id: UUID | None
    lease_id: UUID | None
    template_version: int
    clauses: Sequence[str]
    since: date
    until: date
    state: AgreementState
    previous_id: UUID | None
    signed_on: date | None
    ended_on: date | None
    ended_for: EndReason | None


class AgreementText(AgreementView):
    """An agreement with its words, and the one that follows it, if any."""

    title_zh: str
    title_en: str
    text: Sequence[Clause]
    next_id: UUID | None
