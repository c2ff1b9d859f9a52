"""Referrals over HTTP: at the desk or by herself, taken up, served or not, and never a duty."""

import asyncio
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI

from services.migrant.referrals.handlers import accept_referral, make_referral
from services.migrant.referrals.queries import list_of
from services.migrant.referrals.schemas import MakeReferral
from shared.clock import today
from shared.events.migrant import ReferralEnded, ReferralMade
from shared.events.registry import PersonsMerged, PersonsSeparated
from shared.ids import new_id
from shared.testing import Issuer, emitted
from tests.conftest import TxFactory, parts_of
from tests.migrant.conftest import bearer
from tests.migrant.places import OFFICE, make_office, place
from tests.migrant.samples import VILLAGE, clerk
from tests.migrant.test_consents_routes import CONSENTS, give
from tests.migrant.test_consumer import deliver_twice
from tests.migrant.test_services_records import events

REFERRALS = "/migrant/v1/referrals"
ROUTES = "/migrant/v1/referral-routes"
SHARE = {
    "consent": True,
    "name": "刘小梅",
    "phone": "13900000002",
    "note": "包工头失联,欠三个月工资",
}


def make(person: UUID, **overrides: Any) -> dict[str, Any]:
    return {
        "person_id": str(person),
        "region": VILLAGE,
        "entitlement": "legal-aid",
        "resident_kind": "migrant",
    } | overrides


def serving(issuer: Issuer, **claims: Any) -> dict[str, str]:
    """The office that gets it."""
    defaults = {"scope": "migrant:read migrant:write", "org": OFFICE, "sub": "lawyer-1"}
    return bearer(issuer, **(defaults | claims)) | {"Purpose": "service"}


def herself(issuer: Issuer, person: UUID, **claims: Any) -> dict[str, str]:
    return bearer(issuer, **({"scope": "self", "sub": str(person), "org": "self"} | claims)) | {
        "Purpose": "subject-access"
    }


async def refer(
    client: httpx.AsyncClient, person: UUID, headers: dict[str, str] | None = None, **changes: Any
) -> dict[str, Any]:
    made = await client.post(REFERRALS, json=make(person, **changes), headers=headers)
    assert made.status_code == 201, made.text
    view: dict[str, Any] = made.json()
    return view


async def test_the_route_is_told_before_anything_is_made(
    client: httpx.AsyncClient, issuer: Issuer
) -> None:
    county = await place(client, issuer)
    near = await place(client, issuer, area="420325100", name_en="Chengguan office")
    await place(client, issuer, area=VILLAGE, org=None, name_en="takes no referrals")
    own = herself(issuer, new_id()) | {"Accept-Language": "en"}
    route = await client.get(f"{ROUTES}/legal-aid", params={"region": VILLAGE}, headers=own)
    assert [each["id"] for each in route.json()["offices"]] == [near["id"], county["id"]]
    assert route.json()["days"] == 15
    assert "Chengguan office" in route.json()["consent_words"]
    params = {"region": VILLAGE, "place_id": county["id"]}
    chosen = await client.get(f"{ROUTES}/legal-aid", params=params, headers=own)
    assert "County legal aid centre" in chosen.json()["consent_words"]
    nobody = await client.get(f"{ROUTES}/informed-choice", params={"region": VILLAGE}, headers=own)
    assert nobody.json()["type"].endswith("/no-name-taken")


async def test_with_her_consent_the_office_knows_whom_it_serves(
    client: httpx.AsyncClient, issuer: Issuer, app: FastAPI
) -> None:
    await place(client, issuer)
    person = new_id()
    made = await refer(client, person, share=SHARE)
    assert (made["state"], made["office"], made["shares"]) == ("made", OFFICE, True)
    assert made["shared"] is None  # the desk has no need of it
    office = serving(issuer)
    (got,) = (await client.get(REFERRALS, headers=office)).json()["items"]
    shared = {name: value for name, value in SHARE.items() if name != "consent"}
    assert (got["shared"], got["person_id"]) == (shared, str(person))
    path = f"{REFERRALS}/{made['id']}"
    accepted = await client.post(f"{path}/acceptance", headers=office)
    assert accepted.json()["state"] == "accepted"
    served = await client.post(
        f"{path}/service", json={"delivered_on": str(today())}, headers=office
    )
    assert served.status_code == 200, served.text
    assert [each["state"] for each in served.json()["steps"]] == ["made", "accepted", "served"]
    assert (served.json()["shared"], served.json()["shares"]) == (None, False)
    record = (await client.get(f"/migrant/v1/service-records/{served.json()['record_id']}")).json()
    assert (record["person_id"], record["office"]) == (str(person), OFFICE)
    assert (record["service"], record["referral_id"]) == ("legal-aid", made["id"])
    hers = (await client.get(path, headers=herself(issuer, person))).json()
    assert [each["state"] for each in hers["steps"]] == ["made", "accepted", "served"]
    over = await client.post(f"{path}/acceptance", headers=office)
    assert over.json()["type"].endswith("/referral-over")
    said = [*await events(app, "referral-made"), *await events(app, "referral-ended")]
    assert len(said) == 2
    assert not any(str(person) in each for each in said)
    assert len(await events(app, "service-delivered")) == 1


async def test_without_it_she_goes_there_with_a_number(
    client: httpx.AsyncClient, issuer: Issuer
) -> None:
    await place(client, issuer)
    made = await refer(client, new_id())
    office = serving(issuer)
    listed = await client.get(REFERRALS, params={"number": made["number"]}, headers=office)
    (got,) = listed.json()["items"]
    assert (got["person_id"], got["shared"]) == (None, None)
    asked = {"person_id": made["person_id"]}  # whom it knows from elsewhere
    found = await client.get(REFERRALS, params=asked, headers=office)
    assert found.json()["items"] == []
    desk = await client.get(REFERRALS, params=asked | {"direction": "out"})
    assert [each["id"] for each in desk.json()["items"]] == [made["id"]]
    served = await client.post(
        f"{REFERRALS}/{made['id']}/service",
        json={"delivered_on": str(today())},
        headers=office,
    )
    assert served.json()["state"] == "served"


async def test_she_refers_herself_and_takes_her_name_back(
    client: httpx.AsyncClient, issuer: Issuer, app: FastAPI
) -> None:
    await place(client, issuer)
    person = new_id()
    own = herself(issuer, person)
    made = await refer(client, person, own, share=SHARE)
    assert (made["by_herself"], made["from_office"]) == (True, "herself")
    assert made["shared"]["name"] == SHARE["name"]
    path = f"{REFERRALS}/{made['id']}"
    taken = await client.post(f"{path}/consent-withdrawal", headers=own)
    assert (taken.json()["shares"], taken.json()["state"]) == (False, "made")
    (got,) = (await client.get(REFERRALS, headers=serving(issuer))).json()["items"]
    assert (got["shared"], got["person_id"]) == (None, None)
    pool = parts_of(app).database.pool
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("SET LOCAL yipan.region = '420325'")
        row = await connection.fetchrow("SELECT * FROM referrals")
    assert row is not None
    assert row["name_sealed"] is row["phone_sealed"] is row["note_sealed"] is None
    assert row["consent_withdrawn_at"]
    again = await client.post(f"{path}/consent-withdrawal", headers=own)
    assert again.json()["type"].endswith("/nothing-shared")
    withdrawn = await client.post(f"{path}/withdrawal", headers=own)
    assert withdrawn.json()["state"] == "withdrawn"


async def test_what_was_not_possible_is_told_with_the_reason(
    client: httpx.AsyncClient, issuer: Issuer
) -> None:
    await place(client, issuer)
    person = new_id()
    made = await refer(client, person, share=SHARE)
    body = {"reason": "other-office", "answer": "此事由劳动监察办理,电话12333"}
    path = f"{REFERRALS}/{made['id']}/impossibility"
    ended = await client.post(path, json=body, headers=serving(issuer))
    assert ended.json()["state"] == "not-possible"
    mine = {"person_id": str(person), "direction": "out"}
    (hers,) = (await client.get(REFERRALS, params=mine, headers=herself(issuer, person))).json()[
        "items"
    ]
    assert (hers["reason"], hers["answer"]) == (body["reason"], body["answer"])
    for bad in ({"reason": "lazy", "answer": "x"}, {"reason": "other-office"}):
        assert (await client.post(path, json=bad, headers=serving(issuer))).status_code == 422
    # and she may be referred again
    assert (await refer(client, person))["state"] == "made"


async def test_once_at_an_office_is_enough(client: httpx.AsyncClient, issuer: Issuer) -> None:
    await place(client, issuer)
    person = new_id()
    await refer(client, person)
    again = await client.post(REFERRALS, json=make(person))
    assert again.json()["type"].endswith("/already-referred")
    assert (await refer(client, new_id()))["state"] == "made"


async def test_each_office_sees_its_own(client: httpx.AsyncClient, issuer: Issuer) -> None:
    await place(client, issuer, area="420325101")
    await place(client, issuer, department="education", org="school-office", kind="school")
    person = new_id()
    made = await refer(client, person, share=SHARE)
    path = f"{REFERRALS}/{made['id']}"
    town = serving(issuer, region="420325101")  # of another township than hers
    assert (await client.get(path, headers=town)).json()["shared"]["name"] == SHARE["name"]
    served = await client.post(f"{path}/service", json={"delivered_on": str(today())}, headers=town)
    assert served.status_code == 200, served.text
    desk = (await client.get(REFERRALS, params={"direction": "out"})).json()["items"]
    assert [each["id"] for each in desk] == [made["id"]]
    assert (await client.get(REFERRALS)).json()["items"] == []  # nothing came in
    for claims in (
        {"org": "school-office"},
        {"region": "420381"},
        {"scope": "self", "sub": str(new_id())},
    ):
        other = serving(issuer, **claims)
        assert (await client.get(path, headers=other)).status_code == 404
        answer = await client.get(REFERRALS, headers=other)
        assert answer.status_code == 404 or answer.json()["items"] == []


async def test_only_the_office_serves_and_only_she_or_her_desk_withdraws(
    client: httpx.AsyncClient, issuer: Issuer
) -> None:
    await place(client, issuer)
    person = new_id()
    made = await refer(client, person)
    path = f"{REFERRALS}/{made['id']}"
    assert (await client.post(f"{path}/acceptance")).status_code == 404  # the desk
    body = {"delivered_on": str(today())}
    own = herself(issuer, person)
    assert (await client.post(f"{path}/service", json=body, headers=own)).status_code == 403
    office = serving(issuer)
    assert (await client.post(f"{path}/withdrawal", headers=office)).status_code == 404
    assert (await client.post(f"{path}/withdrawal")).json()["state"] == "withdrawn"


async def test_a_health_check_is_asked_of_the_one_place_for_consents(
    client: httpx.AsyncClient, issuer: Issuer
) -> None:
    await place(client, issuer, department="health", kind="health-centre")
    person = new_id()
    refused = await client.post(REFERRALS, json=make(person, entitlement="health-check"))
    assert refused.json()["type"].endswith("/consent-needed")
    consent = await give(client, person, purpose="health-check", phone=None)
    made = await refer(client, person, entitlement="health-check")
    await client.post(f"{CONSENTS}/{consent['id']}/withdrawal")
    stopped = await client.post(
        f"{REFERRALS}/{made['id']}/service",
        json={"delivered_on": str(today())},
        headers=serving(issuer),
    )
    assert stopped.json()["type"].endswith("/consent-needed")


@pytest.mark.parametrize(
    ("changes", "status", "problem"),
    [
        ({"entitlement": "informed-choice"}, 409, "no-name-taken"),
        ({"entitlement": "free-family-planning-services"}, 409, "no-name-taken"),
        ({"entitlement": "vacancies"}, 409, "no-office-there"),
        ({"entitlement": "no-such-thing"}, 404, "not-found"),
        ({"region": "420381100"}, 403, "outside-jurisdiction"),
        ({"place_id": "019a0000-0000-7000-8000-000000000000"}, 409, "no-office-there"),
        ({"share": SHARE | {"consent": False}}, 422, "malformed-body"),
        ({"share": {"name": "刘小梅"}}, 422, "malformed-body"),
        ({"share": SHARE | {"phone": "12"}}, 422, "malformed-body"),
        ({"share": SHARE | {"id_number": "1"}}, 422, "malformed-body"),
        ({"resident_kind": "key-person"}, 422, "malformed-body"),
        ({"certificate_id": "x"}, 422, "malformed-body"),
    ],
)
async def test_what_is_no_referral(
    client: httpx.AsyncClient, issuer: Issuer, changes: dict[str, Any], status: int, problem: str
) -> None:
    await place(client, issuer)
    answer = await client.post(REFERRALS, json=make(new_id(), **changes))
    assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (status, problem)


async def test_doors(client: httpx.AsyncClient, issuer: Issuer) -> None:
    await place(client, issuer)
    person = new_id()
    reader = bearer(issuer, scope="migrant:read")
    assert (await client.post(REFERRALS, json=make(person), headers=reader)).status_code == 403
    other = herself(issuer, new_id())
    assert (await client.post(REFERRALS, json=make(person), headers=other)).status_code == 404
    early = {"delivered_on": "2020-01-01"}
    made = await refer(client, person)
    answer = await client.post(
        f"{REFERRALS}/{made['id']}/service", json=early, headers=serving(issuer)
    )
    assert answer.json()["type"].endswith("/served-too-early")
    del client.headers["Purpose"]
    assert (await client.post(REFERRALS, json=make(person))).status_code == 400


async def test_late_is_the_offices_own_and_shown_in_its_list(
    client: httpx.AsyncClient, issuer: Issuer, app: FastAPI
) -> None:
    await place(client, issuer)
    late, fresh = (await refer(client, new_id()))["id"], (await refer(client, new_id()))["id"]
    parts = parts_of(app)
    async with parts.database.transaction(parts.actor) as tx:
        await tx.execute(
            "UPDATE referrals SET made_on = $2, due_on = $3 WHERE id = $1",
            UUID(late),
            today().replace(year=today().year - 1),
            today().replace(year=today().year - 1),
        )
    office = serving(issuer)
    listed = (await client.get(REFERRALS, params={"overdue": "true"}, headers=office)).json()
    assert [(each["id"], each["overdue"]) for each in listed["items"]] == [(late, True)]
    page = (await client.get(REFERRALS, params={"limit": 1}, headers=office)).json()
    rest = (await client.get(REFERRALS, params={"cursor": page["next"]}, headers=office)).json()
    assert [each["id"] for each in page["items"] + rest["items"]] == [fresh, late]
    done = await client.post(
        f"{REFERRALS}/{late}/service", json={"delivered_on": str(today())}, headers=office
    )
    assert done.status_code == 200
    (said,) = await events(app, "referral-ended")
    assert '"in_time":false' in said.replace(" ", "")


async def test_every_look_at_a_referral_is_seen(
    client: httpx.AsyncClient, issuer: Issuer, app: FastAPI
) -> None:
    await place(client, issuer)
    person = new_id()
    made = await refer(client, person)
    await client.get(REFERRALS, headers=serving(issuer))
    await client.get(f"{REFERRALS}/{made['id']}", headers=serving(issuer))
    rows = await parts_of(app).database.pool.fetch(
        "SELECT actor_org FROM usage_entries WHERE subject_id = $1 AND kind = 'referral'"
        " ORDER BY id",
        person,
    )
    assert [row["actor_org"] for row in rows] == ["org-test", OFFICE, OFFICE]


async def test_a_merge_takes_her_referrals_along_and_back(
    client: httpx.AsyncClient, issuer: Issuer, app: FastAPI
) -> None:
    await place(client, issuer)
    kept, merged = new_id(), new_id()
    made = await refer(client, merged, share=SHARE)
    for event in (
        PersonsMerged(kept_id=kept, merged_id=merged),
        PersonsSeparated(kept_id=kept, merged_id=merged),
    ):
        await deliver_twice(app, event)
        owner = kept if isinstance(event, PersonsMerged) else merged
        hers = await client.get(f"{REFERRALS}/{made['id']}", headers=herself(issuer, owner))
        assert hers.status_code == 200, hers.text
        assert hers.json()["shared"]["name"] == SHARE["name"]


async def test_handlers_say_what_happened(open_tx: TxFactory) -> None:
    async with open_tx("migrant", actor=clerk(org=OFFICE)) as tx:
        await tx.execute(
            "INSERT INTO places (id, area, kind, department, org, name_zh, name_en,"
            " address, hours, features, version, updated_at, updated_by)"
            " VALUES ($1, '420325', 'legal-aid-office', 'justice', $2, 'x', 'x', 'x', '[]',"
            " '{}', 1, now(), 'admin')",
            new_id(),
            make_office()["org"],
        )
        person = new_id()
        command = MakeReferral.model_validate(make(person, share=SHARE))
        made = await make_referral(command, "zh", tx)
        (said,) = emitted(tx, ReferralMade)
        assert isinstance(said, ReferralMade)
        assert (said.referral_id, said.office, said.due_on) == (made.id, OFFICE, made.due_on)
        twice = [await accept_referral(made.id, "zh", tx) for _ in (1, 2)]
        assert twice[0].steps == twice[1].steps
        assert emitted(tx, ReferralEnded) == []
        (hers,) = await list_of(person, "zh", tx)
        assert hers.shared is not None and hers.shared.note == SHARE["note"]


async def test_two_desks_at_once_make_one_referral(
    client: httpx.AsyncClient, issuer: Issuer
) -> None:
    await place(client, issuer)
    person = new_id()
    answers = await asyncio.gather(*(client.post(REFERRALS, json=make(person)) for _ in range(4)))
    assert sorted(each.status_code for each in answers) == [201, 409, 409, 409]
