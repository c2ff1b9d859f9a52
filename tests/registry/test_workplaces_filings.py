"""What employers file of a job's end, and what they correct, in the register of workplaces."""

from datetime import date
from typing import Any
from uuid import UUID

import pytest

from shared.events.base import Event
from shared.events.migrant import (
    EmploymentCorrected,
    EmploymentEnded,
    EmploymentFiled,
    EmploymentWithdrawn,
)
from shared.ids import new_id
from shared.testing import event_message
from tests.conftest import parts_of
from tests.registry.places import HOME, NEXT
from tests.registry.vital_samples import MOTHER, Desk

EMPLOYER = "91350100M000100Y43"


async def hear(desk: Desk, event: Event) -> None:
    message = event_message(event)
    for received in (message, message, event_message(event)):
        assert await parts_of(desk.app).loop.deliver(received)


def filed(person: str, **overrides: Any) -> EmploymentFiled:
    values = {
        "employment_id": new_id(),
        "person_id": UUID(person),
        "region": NEXT,
        "employer_code": EMPLOYER,
        "started_on": date(2025, 1, 1),
    }
    return EmploymentFiled(**(values | overrides))


def ended(hire: EmploymentFiled, **overrides: Any) -> EmploymentEnded:
    values = hire.model_dump(exclude={"started_on"}) | {"ended_on": date(2025, 3, 31)}
    return EmploymentEnded(**(values | overrides))


async def history(desk: Desk, person: str) -> list[tuple[str, str, str | None]]:
    answer = (await desk.get(f"persons/{person}/history")).json()["workplaces"]
    return [(each["region"], each["since"], each["until"]) for each in answer]


@pytest.fixture
async def person(desk: Desk) -> str:
    return str((await desk.person(MOTHER))["id"])


async def test_a_filed_leaving_ends_the_workplace_the_day_after(desk: Desk, person: str) -> None:
    hire = filed(person)
    for event in (hire, ended(hire)):
        await hear(desk, event)
    assert await history(desk, person) == [(NEXT, "2025-01-01", "2025-04-01")]
    await hear(desk, ended(hire, ended_on=date(2025, 6, 30)))  # it ended already
    assert await history(desk, person) == [(NEXT, "2025-01-01", "2025-04-01")]
    again = filed(person, started_on=date(2025, 5, 1))
    await hear(desk, again)
    assert len(await history(desk, person)) == 2


async def test_a_workplace_the_desk_knew_first_ends_too(desk: Desk, person: str) -> None:
    noted = {"region": NEXT, "employer_code": EMPLOYER, "since": "2024-12-01"}
    await desk.done(f"persons/{person}/workplaces", noted)
    other = {"region": HOME, "employer_code": EMPLOYER, "since": "2024-12-01"}
    await desk.done(f"persons/{person}/workplaces", other)
    hire = filed(person)
    for event in (hire, ended(hire)):
        await hear(desk, event)
    assert set(await history(desk, person)) == {
        (NEXT, "2024-12-01", "2025-04-01"),
        (HOME, "2024-12-01", None),
    }


async def test_nothing_ends_that_is_not_there_or_began_later(desk: Desk, person: str) -> None:
    await hear(desk, ended(filed(person)))
    await hear(desk, ended(filed(str(new_id()))))
    hire = filed(person)
    await hear(desk, hire)
    await hear(desk, ended(hire, ended_on=date(2024, 6, 30)))
    assert await history(desk, person) == [(NEXT, "2025-01-01", None)]


async def test_a_correction_is_followed_and_what_was_said_before_is_kept(
    desk: Desk, person: str
) -> None:
    hire = filed(person)
    await hear(desk, hire)
    told = hire.model_dump() | {"region": HOME, "started_on": date(2025, 2, 1)}
    await hear(desk, EmploymentCorrected(**told, ended_on=date(2025, 2, 28)))
    assert await history(desk, person) == [(HOME, "2025-02-01", "2025-03-01")]
    await hear(desk, EmploymentCorrected(**told, ended_on=None))
    assert await history(desk, person) == [(HOME, "2025-02-01", None)]
    parts = parts_of(desk.app)
    async with parts.database.transaction(parts.actor) as tx:
        kept = await tx.fetch_value(
            "SELECT count(*) FROM earlier_facts WHERE kind = 'workplaces' AND person_id = $1",
            UUID(person),
        )
    assert kept == 2


async def test_a_filing_taken_back_counts_on_no_day(desk: Desk, person: str) -> None:
    hire = filed(person)
    await hear(desk, hire)
    event = EmploymentWithdrawn(
        employment_id=hire.employment_id, person_id=hire.person_id, region=NEXT
    )
    await hear(desk, event)
    assert await history(desk, person) == [(NEXT, "2025-01-01", "2025-01-01")]
    then = (await desk.get(f"persons/{person}?on=2025-01-01")).json()
    assert then["workplaces"] == []
