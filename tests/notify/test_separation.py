"""A merge that was wrong is taken back in the contact book. Every event comes twice."""

from typing import Any
from uuid import UUID

from shared.events.registry import PersonsMerged, PersonsSeparated
from shared.ids import new_id
from tests.notify.conftest import Notify
from tests.notify.samples import consent, make_message
from tests.notify.test_own_data import own


async def held(notify: Notify, person: UUID) -> Any:
    """What is held about her, without when it was looked at."""
    answer = await own(notify, "GET", f"{person}/export", person)
    book = dict(answer.json())
    book.pop("made_at", None)
    book.pop("usages", None)
    return book


async def test_each_gets_her_own_again(notify: Notify) -> None:
    one = await notify.person()
    two = await notify.person(phone="13900000002", purpose="vital-events")
    await notify.send(one)
    await own(notify, "POST", f"{two}/erasure", two)
    await notify.hear(consent(two, phone="13900000003"))
    await notify.hear(PersonsMerged(kept_id=new_id(), merged_id=new_id()))
    before = [await held(notify, one), await held(notify, two)]
    await notify.hear(PersonsMerged(kept_id=one, merged_id=two))
    assert (await held(notify, two))["person_id"] == str(one)
    await notify.hear(PersonsSeparated(kept_id=one, merged_id=two))
    again = [await held(notify, one), await held(notify, two)]
    # both had agreed to reminders: the later word was hers, and the earlier is gone for good
    assert again[1] == before[1]
    assert again[0]["messages"] == before[0]["messages"]
    assert again[0]["contacts"] == []
    assert (await notify.post("/messages", make_message(one))).status_code == 409
    assert (await own(notify, "GET", f"{one}/export", two)).status_code == 404


async def test_chains_are_taken_back_one_by_one(notify: Notify) -> None:
    first, second, third = await notify.person(), new_id(), new_id()
    before = await held(notify, first)
    await notify.hear(PersonsMerged(kept_id=second, merged_id=first))
    await notify.hear(PersonsMerged(kept_id=third, merged_id=second))
    assert (await held(notify, first))["person_id"] == str(third)
    await notify.hear(PersonsSeparated(kept_id=third, merged_id=second))
    assert (await held(notify, first))["person_id"] == str(second)
    await notify.hear(PersonsSeparated(kept_id=second, merged_id=first))
    assert await held(notify, first) == before


async def test_a_separation_of_strangers_changes_nothing(notify: Notify) -> None:
    person = await notify.person()
    before = await held(notify, person)
    await notify.hear(PersonsSeparated(kept_id=new_id(), merged_id=person))
    assert await held(notify, person) == before
