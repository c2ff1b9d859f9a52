"""Words that change and consents that end by themselves; the sheet of what stands."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from services.migrant.consents.lapsing import lapse
from services.migrant.consents.queries import stands
from services.migrant.consents.rules import PURPOSES, ConsentPurpose
from services.migrant.consents.schemas import ConsentView
from services.migrant.consents.sheet import sheet_of
from shared.events.migrant import ConsentWithdrawn
from shared.ids import new_id
from shared.testing import Issuer, emitted
from tests.conftest import TxFactory, parts_of
from tests.migrant.samples import clerk
from tests.migrant.test_consents_desks import (
    V1,
    arrive,
    child_number,
    desk,
    herself,
    question,
    told,
)
from tests.migrant.test_consents_routes import CONSENTS, give, make_consent


def changed_meaning(purpose: ConsentPurpose) -> dict[ConsentPurpose, Any]:
    """The words of the day after a county wrote a purpose anew, with another meaning."""
    old = PURPOSES[purpose]
    newer = old.versions[-1].model_copy(update={"version": old.version + 1})
    words = old.model_copy(
        update={"versions": (*old.versions, newer), "stands_from": newer.version}
    )
    return dict(PURPOSES) | {purpose: words}


async def test_older_words_go_on_until_their_meaning_changes(
    client: httpx.AsyncClient, app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = new_id()
    consent = await give(client, person, purpose="follow-up", phone=None)
    parts = parts_of(app)
    async with parts.database.transaction(parts.actor) as tx:
        await tx.execute("UPDATE consents SET text_version = 1")
        assert await stands(person, ConsentPurpose.FOLLOW_UP, tx)
    params = {"person_id": str(person)}
    (listed,) = (await client.get(CONSENTS, params=params)).json()
    assert (listed["stands"], listed["newer_words"]) == (True, True)
    assert listed["words"] != consent["words"]  # what she was told, not what is said today
    renewed = await give(client, person, purpose="follow-up", phone=None)
    listed = (await client.get(CONSENTS, params=params)).json()
    assert [(each["id"], each["stands"]) for each in listed] == [
        (renewed["id"], True),
        (consent["id"], False),
    ]
    assert await told(app, "consent-withdrawn") == []
    words = changed_meaning(ConsentPurpose.FOLLOW_UP)
    for place in ("queries", "handlers"):
        monkeypatch.setattr(f"services.migrant.consents.{place}.PURPOSES", words)
    async with parts.database.transaction(parts.actor) as tx:
        assert not await stands(person, ConsentPurpose.FOLLOW_UP, tx)  # at once
    assert (await question(client, person, "follow-up"))["may_ask"]  # and she is asked anew
    assert (await client.post(CONSENTS, json=make_consent(person, purpose="follow-up"))).is_success


async def test_consents_that_hold_no_longer_end_and_every_service_hears(
    client: httpx.AsyncClient, app: FastAPI
) -> None:
    people = [new_id() for _ in range(3)]
    for person in people:
        await give(client, person, purpose="follow-up", phone=None)
    await give(client, people[0])
    child = await arrive(client, id_number=child_number(13))
    guardian = {"name": "刘大山", "relation": "parent"}
    await give(client, child, purpose="health-check", phone=None, guardian=guardian)
    parts = parts_of(app)
    words = changed_meaning(ConsentPurpose.FOLLOW_UP)
    ended: list[int] = []
    while len(ended) < 5:
        async with parts.database.transaction(parts.actor) as tx:
            later = replace(tx, now=tx.now + timedelta(days=370))
            ended.append(await lapse(later, words, limit=2))
        if ended[-1] == 0:
            break
    assert ended == [2, 2, 0]
    told_of = await told(app, "consent-withdrawn")
    assert sorted(each["purpose"] for each in told_of) == ["follow-up"] * 3 + ["health-check"]
    listed = (await client.get(CONSENTS, params={"person_id": str(people[0])})).json()
    assert [(each["purpose"], each["withdrawal_channel"]) for each in listed] == [
        ("sms-reminders", None),
        ("follow-up", "lapsed"),
    ]


async def test_nothing_lapses_on_an_ordinary_day(open_tx: TxFactory) -> None:
    async with open_tx("migrant", actor=clerk()) as tx:
        assert await lapse(tx) == 0
        assert emitted(tx, ConsentWithdrawn) == []


async def test_the_sheet_is_one_page_of_what_stands(
    client: httpx.AsyncClient, issuer: Issuer
) -> None:
    person = new_id()
    await give(client, person)
    path = f"{V1}/people/{person}/consents.pdf"
    answer = await client.get(path, headers=herself(issuer, person))
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF") and answer.headers["cache-control"] == "no-store"
    assert (await client.get(path, headers=herself(issuer, new_id()))).status_code == 404
    assert (await client.get(path, headers=desk(issuer, "420381"))).status_code == 403


async def test_what_the_sheet_says(client: httpx.AsyncClient, open_tx: TxFactory) -> None:
    made = await give(client, new_id())
    standing = [ConsentView.model_validate(made)]
    for language, way_out in (("zh", "怎样撤回"), ("en", "How to take a consent back")):
        said = sheet_of(standing, [ConsentPurpose.FOLLOW_UP], language, "2026-11-22")
        assert said["way_out_title"] == way_out
        assert made["phone"] in str(said["consents"])
        assert len(said["consents"]) == 2  # type: ignore[arg-type]
        assert len(said["ways_out"]) == 4  # type: ignore[arg-type]
