"""People made up to look alike, and waiting for the check of new registrations."""

import asyncio
from datetime import date
from uuid import UUID

from fastapi import FastAPI

from services.registry.duplicates.checking import check_new_persons
from services.registry.duplicates.rules import Record
from shared.usage import Purpose
from tests.conftest import parts_of
from tests.linkage.people import Person, record_of
from tests.registry.places import HOME, number

NUMBER = number("19900101", 112)
HOUSE = UUID(int=7)
_UNCHECKED = """
SELECT count(*) FROM changes
WHERE transaction > coalesce((SELECT transaction FROM duplicate_checks), 0)
"""


def person(n: int = 1, **said: object) -> Person:
    """王芳 of HOME, born on 1 January 1990, unless something else is said."""
    values: dict[str, object] = {
        "id": UUID(int=n),
        "name": "王芳",
        "sex": "2",
        "birth_date": date(1990, 1, 1),
        "id_number": NUMBER,
        "hukou_region": HOME,
    }
    return Person(**(values | said))  # type: ignore[arg-type]


def record(**said: object) -> Record:
    return record_of(person(**said))  # type: ignore[arg-type]


async def checked(app: FastAPI) -> int:
    """Let the check of new registrations come to its end; returns how many pairs it proposed."""
    parts = parts_of(app)
    for _ in range(200):
        async with parts.database.transaction(parts.actor, purpose=Purpose.DATA_QUALITY) as tx:
            await check_new_persons(tx)
            unchecked = await tx.fetch_value(_UNCHECKED)
            found = await tx.fetch_value("SELECT count(*) FROM duplicates")
        if unchecked == 0:
            return int(found)
        await asyncio.sleep(0.05)
    raise TimeoutError("registrations stay unchecked")
