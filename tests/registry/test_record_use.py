"""How much of what was entered is used: counts, and nobody named."""

from datetime import UTC, date, datetime
from uuid import UUID

import pytest

from services.registry.record_use.handlers import count_use
from services.registry.record_use.queries import USES, used_areas
from shared.db import Tx
from shared.events.registry import AreaUse, RecordUseCounted
from shared.ids import new_id
from shared.testing import emitted
from shared.usage import Purpose
from tests.bench.people import id_number, name
from tests.conftest import TxFactory

OCTOBER, NOVEMBER = date(2026, 10, 1), date(2026, 11, 1)
STREET, VILLAGE = "420325100001", "420325101001"

_PERSON = """
INSERT INTO persons (id, version, name, sex, birth_date, nationality, hukou_region,
    residence_region, residence_kind, residence_since, status, created_at, updated_at,
    id_number_sealed, id_number_index)
VALUES ($1, 1, $2, '2', '1990-01-01', '01', $3, $3, 'usual', '2020-01-01', 'active', $4, $4, $5, $6)
"""
_LOOK = """
INSERT INTO usage_entries (subject_id, at, actor_sub, actor_org, purpose, kind)
VALUES ($1, now(), 'clerk-1', 'desk', $2, 'person')
"""


async def entered(tx: Tx, number: int, region: str, at: datetime, *looks: Purpose) -> UUID:
    person_id = new_id()
    sealed = tx.vault.seal(id_number(number), f"persons.id_number:{person_id}")
    index = tx.vault.index(id_number(number), "id_number")
    await tx.execute(_PERSON, person_id, name(number), region, at, sealed, index)
    for purpose in looks:
        await tx.execute(_LOOK, person_id, purpose.value)
    return person_id


@pytest.mark.parametrize("purpose", list(Purpose))
async def test_only_what_serves_somebody_is_use(open_tx: TxFactory, purpose: Purpose) -> None:
    async with open_tx("registry") as tx:
        await entered(tx, 1, STREET, datetime(2026, 10, 12, tzinfo=UTC), purpose, purpose)
        (area,) = await used_areas(OCTOBER, NOVEMBER, tx)
        assert area == AreaUse(region="420325100", entered=1, used=int(purpose in USES))


async def test_a_month_runs_by_the_days_of_the_desks_and_by_township(open_tx: TxFactory) -> None:
    async with open_tx("registry") as tx:
        for number, (region, hour) in enumerate(
            (
                (STREET, datetime(2026, 9, 30, 15, 59, tzinfo=UTC)),  # still September
                (STREET, datetime(2026, 9, 30, 16, 1, tzinfo=UTC)),
                (STREET, datetime(2026, 10, 31, 15, 59, tzinfo=UTC)),
                (VILLAGE, datetime(2026, 10, 31, 16, 1, tzinfo=UTC)),  # November already
                (VILLAGE, datetime(2026, 10, 5, tzinfo=UTC)),
            )
        ):
            await entered(tx, number, region, hour, Purpose.SERVICE)
        day = datetime(2026, 10, 5, tzinfo=UTC)
        kept, merged = [await entered(tx, number, VILLAGE, day) for number in (8, 9)]
        await tx.execute(
            "UPDATE persons SET status = 'merged', merged_into = $2 WHERE id = $1", merged, kept
        )
        assert await used_areas(OCTOBER, NOVEMBER, tx) == [
            AreaUse(region="420325100", entered=2, used=2),
            AreaUse(region="420325101", entered=2, used=1),
        ]


async def test_the_month_before_is_told_in_counts(open_tx: TxFactory) -> None:
    async with open_tx("registry") as tx:
        tx.now = datetime(2026, 11, 22, 4, tzinfo=UTC)
        await count_use(tx)
        assert emitted(tx, RecordUseCounted) == []  # nothing was entered
        await entered(tx, 1, STREET, datetime(2026, 10, 12, tzinfo=UTC))
        await count_use(tx)
        (event,) = emitted(tx, RecordUseCounted)
        assert isinstance(event, RecordUseCounted)
        assert (event.county, event.month) == ("420325", "2026-10")
        assert event.areas == [AreaUse(region="420325100", entered=1, used=0)]
