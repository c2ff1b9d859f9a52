"""Samples for the notify service's tests; all people and numbers are made up."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from services.notify.providers.inbound import Piece, ReceiptRead
from services.notify.providers.schemas import Outcome, SubmitRequest, SubmitResult
from services.notify.settings import Sending
from shared.events.migrant import ConsentGiven, MigrantArrived
from shared.events.registry_vital import BirthRegistered
from shared.ids import new_id

ALWAYS = {"open_from": "00:00", "open_to": "00:00"}
OPEN = Sending.model_validate(ALWAYS)
SECRET = "a secret of the tests"


def make_template(**overrides: Any) -> dict[str, Any]:
    return {
        "code": "appointment",
        "language": "zh-CN",
        "text": "您预约的{service}时间为{at}。",
        "variables": {"service": "text", "at": "datetime"},
        "purpose": "sms-reminders",
        "signature": "【测试县便民中心】",
        "kind": "notice",
    } | overrides


def make_message(person_id: UUID | None = None, **overrides: Any) -> dict[str, Any]:
    return {
        "reference": f"r-{new_id()}",
        "template": "appointment-reminder",
        "variables": {"service": "体检", "at": "2026-12-01T09:30:00+08:00", "place": "二楼大厅"},
        "to": {"person_id": str(person_id or new_id())},
        "purpose": "sms-reminders",
    } | overrides


def consent(person_id: UUID, **overrides: Any) -> ConsentGiven:
    values: dict[str, Any] = {
        "consent_id": new_id(),
        "person_id": person_id,
        "region": "420325100001",
        "purpose": "sms-reminders",
        "language": "zh-CN",
        "phone": "13900000001",
    }
    return ConsentGiven(**(values | overrides))


def arrival(person_id: UUID, **overrides: Any) -> MigrantArrived:
    values: dict[str, Any] = {
        "arrival_id": new_id(),
        "person_id": person_id,
        "region": "420325100001",
        "origin_region": "410102",
        "arrived_on": date(2026, 3, 1),
        "stay_purpose": "work",
        "name": "李想",
        "id_number": "410102199001011239",
    }
    return MigrantArrived(**(values | overrides))


def birth(mother_id: UUID) -> BirthRegistered:
    return BirthRegistered(
        birth_id=new_id(),
        child_id=new_id(),
        mother_id=mother_id,
        region="420325100001",
        born_on=datetime(2026, 11, 1, tzinfo=UTC).date(),
        registered_at=datetime(2026, 11, 5, 2, tzinfo=UTC),
        days=4,
    )


@dataclass
class FakeProvider:
    """A provider that says what the test tells it to; it never sends a reference twice."""

    name: str = "simulator"
    rate: int = 1000
    weight: int = 100
    answers: list[Outcome] = field(default_factory=list)
    knows: Outcome = Outcome.NOT_FOUND
    submitted: list[SubmitRequest] = field(default_factory=list)
    asked: list[UUID] = field(default_factory=list)

    async def submit(self, requests: Sequence[SubmitRequest]) -> Sequence[SubmitResult]:
        self.submitted += requests
        return [
            self._result(each.reference, self.answers.pop(0) if self.answers else Outcome.ACCEPTED)
            for each in requests
        ]

    async def query(self, reference: UUID) -> SubmitResult:
        self.asked.append(reference)
        return self._result(reference, self.knows)

    async def close(self) -> None: ...

    def _result(self, reference: UUID, outcome: Outcome) -> SubmitResult:
        if outcome is Outcome.ACCEPTED:
            return SubmitResult(reference, outcome, (f"{reference}-1",))
        return SubmitResult(reference, outcome, code="because")


@dataclass
class Kept:
    """An inbox of the test; while `away` it keeps nothing."""

    receipts: list[tuple[ReceiptRead, UUID | None]] = field(default_factory=list)
    texts: list[tuple[str, str]] = field(default_factory=list)
    places: list[tuple[int, int]] = field(default_factory=list)  # (total, number) of parts
    away: bool = False

    async def receipt(self, provider: str, receipt: ReceiptRead, reference: UUID | None) -> None:
        if self.away:
            raise ConnectionError
        self.receipts.append((receipt, reference))

    async def text(self, provider: str, piece: Piece) -> None:
        if self.away:
            raise ConnectionError
        self.texts.append((piece.phone, piece.text))
        if piece.joined is not None:
            self.places.append(piece.joined[1:])
