"""A contact book of made-up people who agreed to the monthly greeting, entered by COPY."""

from datetime import UTC, datetime

from services.notify.contacts.models import Contact
from shared.ids import new_id
from shared.testing import VAULT
from tests.bench import people
from tests.bench.entering import enter

PURPOSE = "monthly-greeting"


async def enter_contacts(dsn: str, count: int) -> None:
    """Enter `count` people with a number each, sealed as the service seals them; `dsn` is the
    owner's."""
    for start in range(0, count, 10_000):
        await enter(dsn, [_contact(number) for number in range(start, min(start + 10_000, count))])


def phone(number: int) -> str:
    """Not one of the simulator's magic numbers: every text arrives."""
    return f"13{number:08d}9"


def _contact(number: int) -> Contact:
    contact_id, now = new_id(), datetime.now(UTC)
    return Contact(
        id=contact_id,
        person_id=new_id(),
        purpose=PURPOSE,
        consent_id=new_id(),
        active=True,
        region=people.VILLAGE,
        language="zh-CN",
        phone_sealed=VAULT.seal(phone(number), f"contacts.phone:{contact_id}"),
        phone_index=VAULT.index(phone(number), "phone"),
        given_at=now,
        changed_at=now,
    )
