"""Nobody is written to after a death. Every event arrives twice (`Notify.hear`)."""

from datetime import UTC, date, datetime
from uuid import UUID

import pytest

from services.notify.messages.rules import Lane
from shared.events.registry import PersonsMerged, PersonsSeparated
from shared.events.registry_vital import DeathAnnulled, DeathRegistered
from shared.ids import new_id
from tests.notify.conftest import Notify
from tests.notify.samples import FakeProvider, consent, make_message
from tests.notify.test_own_data import own


def death(person: UUID) -> DeathRegistered:
    return DeathRegistered(
        death_id=new_id(),
        person_id=person,
        region="420325100",
        died_on=date(2026, 3, 1),
        registered_at=datetime(2026, 3, 4, tzinfo=UTC),
        days=3,
    )


def annulment(registered: DeathRegistered) -> DeathAnnulled:
    return DeathAnnulled(
        death_id=registered.death_id,
        person_id=registered.person_id,
        region=registered.region,
        annulled_at=datetime(2026, 3, 4, tzinfo=UTC),
    )


async def may_text(notify: Notify, person: UUID) -> bool:
    return (await notify.post("/messages", make_message(person))).status_code == 202


async def test_what_waits_is_taken_back_and_nothing_more_is_accepted(notify: Notify) -> None:
    person, other = await notify.person(), await notify.person(phone="13900000002")
    waiting, theirs = await notify.send(person), await notify.send(other)
    await notify.hear(death(person))
    stopped = await notify.get(f"/messages/{waiting['id']}")
    assert (stopped["status"], stopped["reason"]) == ("cancelled", "person-died")
    assert not await may_text(notify, person)
    provider = FakeProvider()
    await notify.worker(provider).send_due(Lane.BULK)
    assert [str(each.reference) for each in provider.submitted] == [theirs["id"]]


async def test_one_accepted_a_moment_before_is_stopped_at_the_last_moment(notify: Notify) -> None:
    person = await notify.person()
    sent = await notify.send(person)
    await notify.rows("UPDATE contacts SET closed = true RETURNING id")
    provider = FakeProvider()
    await notify.worker(provider).send_due(Lane.BULK)
    assert provider.submitted == []
    assert (await notify.get(f"/messages/{sent['id']}"))["reason"] == "no-consent"


async def test_an_error_taken_back_opens_the_book_again(notify: Notify) -> None:
    person = await notify.person()
    registered = death(person)
    await notify.hear(registered)
    await notify.hear(annulment(registered))
    assert await may_text(notify, person)


async def test_an_annulment_that_comes_first_wins(notify: Notify) -> None:
    person = await notify.person()
    registered = death(person)
    await notify.hear(annulment(registered))
    await notify.hear(registered)
    assert await may_text(notify, person)


async def test_a_consent_heard_of_late_opens_nothing(notify: Notify) -> None:
    person = new_id()
    await notify.hear(death(person))
    await notify.hear(consent(person))
    assert not await may_text(notify, person)


@pytest.mark.parametrize("dead_is_kept", [True, False])
async def test_a_merge_takes_the_death_along_and_a_separation_gives_it_back(
    notify: Notify, dead_is_kept: bool
) -> None:
    dead, alive = await notify.person(purpose="vital-events"), await notify.person()
    kept, merged = (dead, alive) if dead_is_kept else (alive, dead)
    await notify.hear(death(dead))
    await notify.hear(PersonsMerged(kept_id=kept, merged_id=merged))
    assert not await may_text(notify, alive)
    await notify.hear(PersonsSeparated(kept_id=kept, merged_id=merged))
    assert await may_text(notify, alive)
    assert not await may_text(notify, dead)


async def test_she_sees_in_her_export_that_her_contacts_are_closed(notify: Notify) -> None:
    person = await notify.person()
    await notify.hear(death(person))
    book = (await own(notify, "GET", f"{person}/export", person)).json()
    assert [each["closed"] for each in book["contacts"]] == [True]
    assert [each["annulled"] for each in book["deaths"]] == [False]
