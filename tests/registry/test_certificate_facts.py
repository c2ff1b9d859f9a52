"""What the register says for a person's own certificate. Every request is heard twice."""

import base64
import json
from typing import Any
from uuid import UUID

import pytest

from shared.events.base import CATALOGUE
from shared.events.migrant import CertificateRequested
from shared.ids import new_id
from shared.testing import EVENT_VAULT, event_message
from tests.conftest import parts_of
from tests.registry.places import HOME
from tests.registry.vital_samples import (
    FATHER,
    MOTHER,
    Desk,
    make_birth,
    make_death,
    make_marriage,
    make_registration,
)

EVERY = ["name", "sex", "birth_date", "id_number", "home_region", "marital_status", "children"]


async def ask(desk: Desk, person_id: Any, *claims: str) -> tuple[dict[str, Any], list[str]]:
    """The facts and the problems that the register answers with."""
    event = CertificateRequested(
        request_id=new_id(), person_id=UUID(str(person_id)), claims=list(claims)
    )
    message = event_message(event)
    for _ in range(2):
        assert await parts_of(desk.app).loop.deliver(message)
    answers = [
        (each, kind)
        for kind in ("certificate-facts-found", "certificate-facts-missing")
        for each in await desk.said(kind)
        if each["request_id"] == str(event.request_id)
    ]
    assert len(answers) == 1, "one answer, however often it was asked"
    data, kind = answers[0]
    assert data["person_id"] == str(person_id)
    opened = CATALOGUE[f"yipan.registry.{kind}.v1"].opened(data, EVENT_VAULT).model_dump()
    return json.loads(opened["facts"] or "{}"), opened.get("problems", [])


async def family(desk: Desk) -> dict[str, Any]:
    """A married mother of one."""
    mother = await desk.person(MOTHER)
    await desk.person(FATHER)
    for kind, body in (("marriage", make_marriage()), ("birth", make_birth())):
        report = await desk.done(f"{kind}-reports", body)
        registration = make_registration() if kind == "birth" else None
        await desk.done(f"{kind}-reports/{report['id']}/registration", registration)
    return mother


async def test_only_what_was_asked_for_is_said(desk: Desk) -> None:
    mother = await family(desk)
    assert await ask(desk, mother["id"], "over_18") == (
        {"birth_date": "1990-01-01", "home_region": HOME},
        [],
    )
    assert await ask(desk, mother["id"], *EVERY) == (
        {
            "name": MOTHER["name"],
            "sex": "2",
            "birth_date": "1990-01-01",
            "id_number": MOTHER["id_number"],
            "home_region": HOME,
            "marital_status": "20",
            "children": 1,
        },
        [],
    )


async def test_the_answer_is_sealed_and_the_look_is_seen(desk: Desk) -> None:
    mother = await desk.person(MOTHER)
    await ask(desk, mother["id"], "name", "id_number")
    (said,) = await desk.said("certificate-facts-found")
    assert MOTHER["name"] not in json.dumps(said, ensure_ascii=False)
    assert MOTHER["id_number"].encode() not in base64.b64decode(said["facts"])
    looks = await desk.rows(
        "SELECT purpose, kind, actor_sub FROM usage_entries WHERE kind = 'certificate'"
        " AND subject_id = $1",
        UUID(mother["id"]),
    )
    assert [(each["purpose"], each["kind"]) for each in looks] == [("certificate", "certificate")]


async def test_nothing_registered_is_not_said_to_be_none(desk: Desk) -> None:
    mother = await desk.person(MOTHER)
    facts, problems = await ask(desk, mother["id"], "name", "children", "marital_status")
    assert problems == ["missing-field"]
    assert facts == {"name": MOTHER["name"], "home_region": HOME}


async def test_a_child_that_died_is_not_counted(desk: Desk) -> None:
    mother = await family(desk)
    (birth,) = await desk.rows("SELECT child_id FROM births")
    report = await desk.done(
        "death-reports",
        make_death(person={"name": "陈小宝", "person_id": str(birth["child_id"])}),
    )
    await desk.done(f"death-reports/{report['id']}/registration")
    facts, problems = await ask(desk, mother["id"], "children")
    assert (facts["children"], problems) == (0, [])


async def test_what_she_contests_is_for_the_desk_to_decide(desk: Desk) -> None:
    mother = await desk.person(MOTHER)
    await desk.done(
        "correction-requests",
        {
            "person_id": mother["id"],
            "field": "name",
            "should_be": "王芬",
            "reason": "户口簿上是芬",
        },
    )
    facts, problems = await ask(desk, mother["id"], "name", "sex")
    assert (facts, problems) == ({"sex": "2", "home_region": HOME}, ["contested-field"])
    assert (await ask(desk, mother["id"], "sex"))[1] == []  # the rest is not held up


@pytest.mark.parametrize("how", ["unknown", "deceased", "elsewhere"])
async def test_whom_the_register_cannot_speak_of(desk: Desk, how: str) -> None:
    person: Any = new_id()
    expected = {
        "unknown": "unknown-person",
        "deceased": "deceased",
        "elsewhere": "home-elsewhere",
    }
    if how == "deceased":
        person = (await desk.person(MOTHER))["id"]
        report = await desk.done("death-reports", make_death())
        await desk.done(f"death-reports/{report['id']}/registration")
    elif how == "elsewhere":
        person = (await desk.migrant(MOTHER))["id"]
    assert await ask(desk, person, *EVERY) == ({}, [expected[how]])
