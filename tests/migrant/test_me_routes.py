"""What is mine, as an app in her hand asks for it: logged in with a provider's own subject."""

import re
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI

from services.migrant.me.rules import KINDS, OTHER_TRACKERS, WAITING, WaitingKind
from shared.contracts import openapi
from shared.events.registry import PersonsMerged
from shared.ids import new_id
from shared.testing import Issuer
from tests.migrant.conftest import bearer
from tests.migrant.logins import SUB, link, login
from tests.migrant.samples import fresh_id_number
from tests.migrant.test_accounts_routes import problem
from tests.migrant.test_arrivals_routes import arrive
from tests.migrant.test_consents_routes import CONSENTS
from tests.migrant.test_consumer import deliver_twice
from tests.migrant.test_own_data import live
from tests.migrant.test_self_registrations_routes import confirm, fill_in

ME = "/migrant/v1/me"
_SAW = re.compile(r"\.saw\([^\")]*\"([a-z-]+)\"\)")
LISTS = (
    "stays",
    "certificates",
    "certificate-requests",
    "consents",
    "appointments",
    "appointment-waits",
    "help-requests",
    "service-records",
    "referrals",
    "claims",
    "received-claims",
    "employments",
    "logins",
    "looks",
)


@pytest.fixture
def her(issuer: Issuer) -> dict[str, str]:
    return login(issuer)


async def read(client: httpx.AsyncClient, her: dict[str, str], what: str = "") -> Any:
    answer = await client.get(f"{ME}{what}", headers=her)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def known(client: httpx.AsyncClient, issuer: Issuer, app: FastAPI) -> str:
    """Somebody of whom there is one of everything, her login linked."""
    person = await live(client, issuer, app)
    await link(client, issuer)
    return person


async def test_what_an_app_opens_with(
    client: httpx.AsyncClient, app: FastAPI, issuer: Issuer, her: dict[str, str]
) -> None:
    person = await known(client, issuer, app)
    me = await read(client, her)
    assert me["person_id"] == person
    assert me["person"]["name"] == "刘小梅"
    assert me["person"]["stay"]["arrived_on"] == "2026-03-02"
    assert me["person"]["residence_permit"]["half_year_on"] == "2026-09-02"
    kinds = [each["kind"] for each in me["waiting"]]
    assert {"appointment", "help"} <= set(kinds)
    days = [each["day"] for each in me["waiting"] if each["day"]]
    assert days == sorted(days)
    for each in me["waiting"]:
        shown = await client.get(each["address"], headers=her)
        assert (shown.status_code, shown.json()["id"]) == (200, each["id"])


async def test_each_list_is_what_its_feature_shows(
    client: httpx.AsyncClient, app: FastAPI, issuer: Issuer, her: dict[str, str]
) -> None:
    await known(client, issuer, app)
    export = await read(client, her, "/export")
    for path, part in (
        ("stays", "arrivals"),
        ("certificates", "certificates"),
        ("consents", "consents"),
        ("appointments", "appointments"),
        ("service-records", "service_records"),
        ("help-requests", "help_requests"),
        ("employments", "employments"),
        ("logins", "logins"),
    ):
        found = await read(client, her, f"/{path}")
        items = found["items"] if isinstance(found, dict) else found
        ids = {each["id"] for each in export[part]}
        if path == "help-requests":  # and those she joined
            ids |= {each["request_id"] for each in export["help_companies"]}
        assert ids and {each["id"] for each in items} == ids, path
    assert (await client.post(f"{ME}/erasure", headers=her)).status_code == 200
    assert (await read(client, her))["person"]["phone"] is None


async def test_unchanged_costs_nothing(
    client: httpx.AsyncClient, app: FastAPI, issuer: Issuer, her: dict[str, str]
) -> None:
    await known(client, issuer, app)
    first = await client.get(ME, headers=her)
    assert len(first.content) < 4000  # a phone on a slow network
    tag = {"If-None-Match": f'"old", {first.headers["etag"]}'}
    again = await client.get(ME, headers=her | tag)
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    chinese = await client.get(ME, headers=her | tag | {"Accept-Language": "zh"})
    assert chinese.status_code == 200
    waiting = first.json()["waiting"][0]["address"]
    await client.post(f"{waiting}/cancellation", headers=her)
    assert (await client.get(ME, headers=her | tag)).status_code == 200


async def test_who_looked_in_words(
    client: httpx.AsyncClient, issuer: Issuer, her: dict[str, str]
) -> None:
    stay = await arrive(client)
    await link(client, issuer)
    office = bearer(issuer, scope="migrant:read", org="desk-7", sub="clerk-7")
    path = f"/migrant/v1/people/{stay['person_id']}"
    await client.get(path, headers=office | {"Purpose": "inquiry"})
    await read(client, her)
    looks = await read(client, her, "/looks")
    mine, theirs = looks["items"][:2]
    assert (mine["own"], theirs["own"], theirs["office"]) == (True, False, "desk-7")
    assert (theirs["why"], theirs["what"]) == ("Answering an inquiry", "your basic record")
    chinese = await read(client, her | {"Accept-Language": "zh"}, "/looks")
    assert (chinese["items"][1]["why"], chinese["items"][1]["what"]) == ("协查", "基本信息")
    assert [each["service"] for each in looks["elsewhere"]] == list(OTHER_TRACKERS)
    for each in looks["elsewhere"]:
        assert each["address"].endswith(f"findUsage?userCode={stay['person_id']}")
    paged: list[Any] = []
    cursor = None
    while True:
        params = {"limit": "1"} | ({"cursor": cursor} if cursor else {})
        page = (await client.get(f"{ME}/looks", params=params, headers=her)).json()
        paged += page["items"]
        cursor = page["next"]
        if cursor is None:
            break
    assert paged == looks["items"]  # reading who looked is no look
    for bad in ("bm9wZQ", "WzEsMl0", "WyIyMDI2LTAxLTAxIiwxXQ"):
        answer = await client.get(f"{ME}/looks", params={"cursor": bad}, headers=her)
        assert answer.status_code == 400


async def test_before_she_is_known_she_is_told_how(
    client: httpx.AsyncClient, issuer: Issuer, her: dict[str, str]
) -> None:
    for what in ("", *(f"/{each}" for each in LISTS), "/export"):
        answer = await client.get(f"{ME}{what}", headers=her)
        assert problem(answer) == (404, "not-linked"), what
    assert (await client.post(f"{ME}/erasure", headers=her)).status_code == 404
    assert (await client.get(f"{ME}/self-registration", headers=her)).status_code == 404
    form = await fill_in(client, her)
    assert (await read(client, her, "/self-registration"))["id"] == form["id"]
    await confirm(client, form["id"])
    assert (await read(client, her))["person"]["name"] == "刘小梅"
    assert (await read(client, her, "/self-registration"))["status"] == "confirmed"


async def test_a_form_that_waits_or_came_back(
    client: httpx.AsyncClient, issuer: Issuer, her: dict[str, str]
) -> None:
    await arrive(client)
    await link(client, issuer)
    form = await fill_in(client, her, arrived_on="2026-05-01")
    (waiting,) = (await read(client, her))["waiting"]
    assert (waiting["kind"], waiting["id"]) == ("self-registration", form["id"])
    path = f"/migrant/v1/self-registrations/{form['id']}"
    assert (await client.post(f"{path}/return", json={"reason": "请更正"})).status_code == 200
    (waiting,) = (await read(client, her))["waiting"]
    assert (waiting["kind"], waiting["address"]) == ("form-returned", path)


async def test_the_box_token_with_her_person_id_opens_it_too(
    client: httpx.AsyncClient, issuer: Issuer
) -> None:
    stay = await arrive(client)
    own = login(issuer, stay["person_id"])
    assert (await read(client, own))["person_id"] == stay["person_id"]
    stranger = login(issuer, str(new_id()))
    for what in ("", "/stays", "/looks", "/export"):
        assert (await client.get(f"{ME}{what}", headers=stranger)).status_code == 404


async def test_each_sees_her_own(
    client: httpx.AsyncClient, issuer: Issuer, her: dict[str, str]
) -> None:
    number = fresh_id_number()
    await arrive(client)
    other = await arrive(client, name="赵六", id_number=number)
    await link(client, issuer)
    await link(client, issuer, "phone-2", name="赵六", id_number=number)
    theirs = await read(client, login(issuer, "phone-2"))
    assert (theirs["person_id"], theirs["person"]["name"]) == (other["person_id"], "赵六")
    stays = (await read(client, her, "/stays"))["items"]
    assert other["person_id"] not in {each["person_id"] for each in stays}


async def test_doors(
    client: httpx.AsyncClient, app: FastAPI, issuer: Issuer, her: dict[str, str]
) -> None:
    await known(client, issuer, app)
    for what in ("", *(f"/{each}" for each in LISTS), "/export", "/self-registration"):
        assert (await client.get(f"{ME}{what}")).status_code == 403, what  # a clerk is nobody
        elsewhere = login(issuer, region="420381")
        assert (await client.get(f"{ME}{what}", headers=elsewhere)).status_code == 403, what
        wrong = await client.get(f"{ME}{what}", headers=her | {"Purpose": "service"})
        assert problem(wrong) == (403, "wrong-purpose"), what
    del client.headers["Purpose"]
    without = {"Authorization": her["Authorization"]}
    assert problem(await client.get(ME, headers=without)) == (400, "purpose-required")


async def test_after_a_merge_her_login_opens_the_kept_record(
    client: httpx.AsyncClient, issuer: Issuer, app: FastAPI, her: dict[str, str]
) -> None:
    stay, kept = await arrive(client), new_id()
    await link(client, issuer)
    await deliver_twice(app, PersonsMerged(kept_id=kept, merged_id=UUID(stay["person_id"])))
    assert (await read(client, her))["person_id"] == str(kept)
    assert [each["login"] for each in await read(client, her, "/logins")] == ["wx*******kQ"]
    whose = await client.get(CONSENTS, params={"person_id": stay["person_id"]}, headers=her)
    assert whose.status_code == 200
    assert len((await read(client, her, "/looks"))["items"]) > 2


def test_every_waiting_thing_has_words_and_a_kind_of_its_own() -> None:
    assert len({each.kind for each in WAITING}) == len(WAITING) == len(WaitingKind)
    for each in (*(waiting.text for waiting in WAITING), *KINDS.values()):
        assert each.zh and each.en


def test_every_kind_of_look_here_has_words() -> None:
    source = Path("services/migrant").rglob("*.py")
    kinds = {kind for each in source for kind in _SAW.findall(each.read_text())}
    assert len(kinds) > 10
    assert kinds - KINDS.keys() == set()


def test_the_guide_names_only_what_there_is() -> None:
    guide = Path("docs/guide/persons-app.md").read_text()
    real = {
        re.sub(r"{[^}]*}", "*", path)
        for service in ("migrant", "registry")
        for path in openapi(service)["paths"]
    }
    named = {
        re.sub(r"\$FORM|{[^}]*}", "*", path)
        for path in re.findall(r"/(?:migrant|registry)/v1/[a-z$A-Z{}_./-]+", guide)
    }
    assert len(named) > 10
    assert named - real == set()
    lists = {f"/migrant/v1/me/{each}" for each in LISTS}
    assert lists <= real
    assert all(each.rpartition("/")[2] in guide for each in lists)


def test_the_subject_is_not_an_id() -> None:
    with pytest.raises(ValueError, match="badly formed"):
        UUID(SUB)
