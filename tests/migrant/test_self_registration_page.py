"""The open page of registration by phone, used as a phone's browser does: without a login, without
scripts, in both languages, by people who err and by people who mean ill."""

import re
from base64 import b64encode
from collections.abc import AsyncIterator
from datetime import timedelta
from hashlib import sha256
from io import BytesIO
from typing import Any
from uuid import UUID

import httpx
import pytest
import segno
from fastapi import FastAPI

from services.migrant.limits.rules import SHIPPED, Limit
from services.migrant.self_registrations.errors import TooManyToday
from services.migrant.self_registrations.handlers import erase_expired
from services.migrant.self_registrations.open_page import count_form, key_of, tidy
from services.migrant.self_registrations.rules import MOST_COMPANIONS, shown_code
from shared.testing import Issuer, client_of
from tests.conftest import TxFactory
from tests.migrant.browser import Page, parsed, press
from tests.migrant.samples import VILLAGE, clerk, fresh_id_number, id_number
from tests.migrant.test_accounts_routes import sql
from tests.migrant.test_limits import set_limit
from tests.migrant.test_self_registrations_rules import MOTHER, SON

PAGE = "/migrant/v1/self-registration"
FORMS = "/migrant/v1/self-registrations"
SEARCHES = "/migrant/v1/self-registration-searches"
HOSTILE = "\"><script>alert(1)</script><img src=x onerror=alert(1)>'&lt;"


@pytest.fixture
async def phone(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody without a token."""
    async with client_of(app, None, {"Accept-Language": "zh-CN,zh;q=0.9"}) as client:
        yield client


async def opened(phone: httpx.AsyncClient, **params: str) -> Page:
    return parsed(await phone.get(PAGE, params={"region": VILLAGE} | params))


def hers(**overrides: Any) -> dict[str, Any]:
    return {
        "name": "刘小梅",
        "id_number": id_number(),
        "arrived_on": "2026-03-02",
        "stay_purpose": "work",
    } | overrides


def code_on(page: Page) -> str:
    (code,) = re.findall(r"\b[3-9A-Y]{4}-[3-9A-Y]{4}\b", page.words)
    return str(code)


async def waiting(app: FastAPI) -> list[Any]:
    return list(await sql(app, "SELECT * FROM self_registrations ORDER BY id"))


async def test_from_the_code_on_the_wall_to_the_desk_in_four_fields(
    phone: httpx.AsyncClient, client: httpx.AsyncClient, app: FastAPI
) -> None:
    form = await opened(phone)
    assert form.fields["region"] == VILLAGE  # the code on the wall said where
    assert form.required == {"name", "id_number", "region", "arrived_on", "stay_purpose"}
    receipt = await press(phone, form, **hers())
    assert receipt.status == 200
    assert "到窗口出示身份证" in receipt.words
    code = code_on(receipt)
    (row,) = await waiting(app)
    assert shown_code(row["code"]) == code
    assert (row["person_id"], row["sub_sealed"]) == (None, None)
    assert await sql(app, "SELECT 1 FROM people") == []  # nobody is registered before the desk
    (found,) = (await client.post(SEARCHES, json={"code": code.lower()})).json()
    assert found["name"] == "刘小梅"
    view = (await client.get(f"{FORMS}/{found['id']}")).json()
    assert view["form"]["origin_region"] == id_number()[:6]
    confirmed = await client.post(f"{FORMS}/{found['id']}/confirmation", json={})
    assert confirmed.status_code == 200, confirmed.text
    assert confirmed.json()["linked"] is False
    assert await sql(app, "SELECT 1 FROM account_links") == []  # a page is nobody's login


async def test_the_receipt_shows_the_code_as_a_qr_of_nothing_else(
    phone: httpx.AsyncClient, app: FastAPI
) -> None:
    form = await opened(phone)
    answer = await phone.post(PAGE, data=form.fields | hers() | {"action": "send"})
    (row,) = await waiting(app)
    drawn = BytesIO()
    segno.make_qr(row["code"], error="m").save(
        drawn, kind="svg", border=4, scale=8, light="white", xmldecl=False, svgns=True
    )
    assert drawn.getvalue().decode() in answer.text
    assert id_number() not in answer.text and "刘小梅" not in answer.text


@pytest.mark.parametrize(
    ("asked", "switch", "language", "words"),
    [
        ("zh-CN", "", "zh", "流动人口自助登记"),
        ("en-GB,en;q=0.8", "", "en", "Register your arrival"),
        ("zh-CN", "en", "en", "Register your arrival"),
        ("en", "zh", "zh", "流动人口自助登记"),
        ("fr", "", "zh", "流动人口自助登记"),
        ("en", '"><script>', "en", "Register your arrival"),
    ],
)
async def test_both_languages(
    phone: httpx.AsyncClient, asked: str, switch: str, language: str, words: str
) -> None:
    answer = await phone.get(
        PAGE, params={"lang": switch, "region": VILLAGE}, headers={"Accept-Language": asked}
    )
    page = parsed(answer)
    assert (page.language, words in page.words) == (language, True)
    other = {"zh": "en", "en": "zh"}[language]
    assert page.links == [f"{PAGE}?lang={other}&region={VILLAGE}"]
    assert page.fields["lang"] == language  # and what she sends is answered in it
    wrong = await press(phone, page, name="刘小梅")
    assert wrong.language == language


async def test_the_words_of_consent_stand_above_the_button(phone: httpx.AsyncClient) -> None:
    zh, en = (await opened(phone)).words, (await opened(phone, lang="en")).words
    for words in ("14天后自动删除", "也可随时撤回", "提交即表示同意", "手机号可以不填"):
        assert words in zh
    for words in ("erased after 14 days", "take it back at any time", "By sending you agree"):
        assert words in en
    assert zh.index("提交即表示同意") < zh.rindex("提交")


async def test_nothing_is_asked_beyond_what_the_desk_asks(phone: httpx.AsyncClient) -> None:
    form = await press(phone, await opened(phone), "add")
    asked = {name.rpartition(".")[2] for name in form.fields} - {"key", "lang"}
    document = (await phone.get("/migrant/openapi.json")).json()
    schema = document["components"]["schemas"]["SelfRegister"]["properties"]
    assert asked == set(schema) - {"companions"}


async def test_errors_stand_beside_their_fields_and_what_was_typed_stays(
    phone: httpx.AsyncClient, app: FastAPI
) -> None:
    form = await opened(phone, lang="en")
    wrong = await press(
        phone, form, **hers(id_number="123", arrived_on="2099-01-01", phone="12", name="刘小梅")
    )
    assert wrong.status == 422
    assert set(wrong.wrong) >= {"id_number", "arrived_on", "phone"}
    assert "name" not in wrong.wrong
    assert wrong.fields["name"] == "刘小梅"
    assert (wrong.fields["id_number"], wrong.fields["stay_purpose"]) == ("123", "work")
    marked = {known["id"]: known for _, known in wrong.tags if "aria-invalid" in known}
    assert marked["phone"]["aria-describedby"] == "phone-wrong"
    # the phone goes to the first of them
    assert [known["id"] for _, known in wrong.tags if "autofocus" in known] == ["id_number"]
    assert "Please correct" in wrong.words
    assert await waiting(app) == []
    receipt = await press(phone, wrong, **hers(phone=""))
    assert code_on(receipt)


async def test_empty_fields_are_told_in_chinese(phone: httpx.AsyncClient) -> None:
    wrong = await press(phone, await opened(phone, region=""))
    for name in ("name", "id_number", "region", "arrived_on", "stay_purpose"):
        assert wrong.wrong[name], name
    assert wrong.wrong["name"] == "必填"


async def test_a_family_comes_without_scripts(
    phone: httpx.AsyncClient, client: httpx.AsyncClient, app: FastAPI
) -> None:
    form = await press(phone, await opened(phone), "add", **hers())
    assert form.fields["name"] == "刘小梅"  # what was typed so far is there
    form = await press(
        phone, form, "add", companions__0__name="刘小宝", companions__0__id_number=SON
    )
    empty = await press(phone, form, "add")  # an empty one is not counted
    assert "companions.1.name" in empty.fields and "companions.2.name" not in empty.fields
    wrong = await press(
        phone, form, companions__1__name="周桂英", companions__1__id_number="51010119600101"
    )
    assert set(wrong.wrong) == {"companions.1.id_number"}
    receipt = await press(phone, wrong, companions__1__id_number=MOTHER)
    (found,) = (await client.post(SEARCHES, json={"code": code_on(receipt)})).json()
    assert found["people"] == 3
    twice = await press(phone, await opened(phone), "add", **hers())
    same = await press(
        phone, twice, companions__0__name="刘小宝", companions__0__id_number=id_number()
    )
    assert (same.status, "填了两次" in same.words) == (422, True)


async def test_sending_twice_is_one_form_with_one_code(
    phone: httpx.AsyncClient, app: FastAPI
) -> None:
    form = await opened(phone)
    codes = {code_on(await press(phone, form, **hers())) for _ in range(2)}
    assert len(codes) == 1
    assert len(await waiting(app)) == 1


async def test_she_corrects_and_takes_back(
    phone: httpx.AsyncClient, client: httpx.AsyncClient, app: FastAPI
) -> None:
    receipt = await press(phone, await opened(phone), **hers(employer="第一机械厂"))
    form = await press(phone, receipt, "edit")
    assert (form.fields["name"], form.fields["employer"]) == ("刘小梅", "第一机械厂")
    again = await press(phone, form, name="刘晓梅")
    assert code_on(again) == code_on(receipt)
    (found,) = (await client.post(SEARCHES, json={"code": code_on(receipt)})).json()
    assert found["name"] == "刘晓梅"
    erased = await press(phone, again, "withdraw")
    assert "所填内容已删除" in erased.words
    (row,) = await waiting(app)
    assert (row["status"], row["form_sealed"], row["id_number_index"]) == ("withdrawn", None, None)
    assert (await client.post(SEARCHES, json={"code": code_on(receipt)})).json() == []
    nothing = await press(phone, receipt, "edit")  # nothing is there to read any more
    assert nothing.fields["name"] == ""


async def test_another_phone_reads_nothing(phone: httpx.AsyncClient) -> None:
    """The code is shown to a desk, and is no key to what was filled in."""
    receipt = await press(phone, await opened(phone), **hers())
    for key in (code_on(receipt), key_of(""), "", "' OR 1=1 --", "x" * 5000):
        answer = await phone.post(PAGE, data={"key": key, "action": "edit"})
        assert "刘小梅" not in answer.text and id_number() not in answer.text
        assert parsed(answer).fields["key"] != receipt.fields["key"]


@pytest.mark.parametrize(
    "name",
    [
        "name", "id_number", "region", "arrived_on", "stay_purpose", "origin_region", "employer",
        "phone", "room_id", "companions.0.name", "companions.0.id_number", "key", "lang",
    ],
)  # fmt: skip
async def test_what_is_typed_is_only_ever_text(
    phone: httpx.AsyncClient, app: FastAPI, name: str
) -> None:
    form = await press(phone, await opened(phone), "add")
    for action in ("send", "add"):
        sent = form.fields | hers(id_number=fresh_id_number()) | {name: HOSTILE, "action": action}
        answer = await phone.post(PAGE, data=sent)
        page = parsed(answer)
        assert not [tag for tag, _ in page.tags if tag in ("script", "img", "iframe", "object")]
        assert not [
            attribute
            for _, known in page.tags
            for attribute in known
            if attribute.startswith("on") or attribute == "style"
        ]
        if name in page.fields and name not in ("key", "lang", "stay_purpose"):
            assert page.fields[name] == HOSTILE


async def test_what_is_in_the_address_is_only_ever_text(phone: httpx.AsyncClient) -> None:
    for name in ("region", "room_id", "lang"):
        assert (await phone.get(f"{PAGE}?{name}=%00%ff")).status_code == 200
        page = parsed(await phone.get(PAGE, params={name: HOSTILE}))
        assert "script" not in [tag for tag, _ in page.tags]
        assert all(href.startswith(f"{PAGE}?lang=") for href in page.links)


async def test_over_long_text_is_refused_beside_its_field(
    phone: httpx.AsyncClient, app: FastAPI
) -> None:
    form = await opened(phone)
    for name in ("name", "id_number", "region", "employer", "phone", "origin_region"):
        wrong = await press(phone, form, **(hers() | {name: "长" * 100_000}))
        assert (wrong.status, set(wrong.wrong)) == (422, {name})
    many = {
        f"companions.{n}.{part}": value
        for n in range(MOST_COMPANIONS + 1)
        for part, value in (("name", "刘小宝"), ("id_number", fresh_id_number()))
    }
    answer = await phone.post(PAGE, data=form.fields | hers() | many)
    assert answer.status_code == 422
    assert parsed(answer).status == 422
    assert await waiting(app) == []


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"name=%00&id_number=%ff%fe",
        b"region=%00&room_id=%00",
        b"&&&===;;;",
        b"companions.999.name=x&companions..name=y&companions.-1.name=z&companions.0.role=boss",
        b"name=" + b"%F0%9F%98%80" * 50,
        b"priority=1&person_id=00000000-0000-7000-8000-000000000000",
    ],
)
async def test_odd_bodies_get_a_page_back(phone: httpx.AsyncClient, content: bytes) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = await phone.post(PAGE, content=content, headers=headers)
    assert answer.status_code == 422
    assert parsed(answer).buttons == ["send", "add"]


async def test_another_county_is_told_without_losing_the_form(phone: httpx.AsyncClient) -> None:
    page = await press(phone, await opened(phone), **hers(region="310101001"))
    assert (page.status, page.fields["name"]) == (403, "刘小梅")


async def test_one_address_does_not_fill_the_desks_queue(
    phone: httpx.AsyncClient, client: httpx.AsyncClient, app: FastAPI, issuer: Issuer
) -> None:
    await set_limit(client, issuer, "forms-address-day", 2)
    answers = [
        (await press(phone, await opened(phone), **hers(id_number=fresh_id_number()))).status
        for _ in range(3)
    ]
    assert answers == [200, 200, 429]
    await set_limit(client, issuer, "forms-address-day", 99)
    await sql(app, "UPDATE service_limits SET code = 'forms-waiting', value = 2")
    full = await press(phone, await opened(phone), **hers(id_number=fresh_id_number()))
    assert (full.status, "到窗口办理" in full.words) == (429, True)
    assert full.fields["name"] == "刘小梅"
    assert len(await waiting(app)) == 2


async def test_the_page_runs_nothing_and_asks_nobody(phone: httpx.AsyncClient) -> None:
    answer = await phone.get(PAGE)
    policy = answer.headers["content-security-policy"]
    (style,) = re.findall(r"<style>(.*?)</style>", answer.text)
    digest = b64encode(sha256(style.encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in policy
    for rule in ("default-src 'none'", "form-action 'self'", "frame-ancestors 'none'"):
        assert rule in policy
    assert "script" not in policy and "unsafe" not in policy
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert not re.findall(r"https?://(?!www\.w3\.org)", answer.text)
    assert "set-cookie" not in answer.headers


async def test_what_she_filled_in_is_sealed_and_the_key_is_kept_nowhere(
    phone: httpx.AsyncClient, app: FastAPI, capfd: pytest.CaptureFixture[str]
) -> None:
    form = await opened(phone)
    await press(phone, form, **hers(phone="13900000002"))
    (row,) = await sql(app, "SELECT t::text AS text FROM self_registrations AS t")
    logged = capfd.readouterr()
    for secret in ("刘小梅", id_number(), "13900000002", form.fields["key"]):
        assert secret not in row["text"]
        assert secret.encode().hex() not in row["text"]
        assert secret not in logged.out + logged.err


async def test_filling_in_is_a_look_of_hers(phone: httpx.AsyncClient, app: FastAPI) -> None:
    receipt = await press(phone, await opened(phone), **hers())
    await press(phone, receipt, "edit")
    (row,) = await waiting(app)
    seen = await sql(
        app,
        "SELECT purpose, kind FROM usage_entries WHERE subject_id = $1",
        UUID(str(row["login_id"])),
    )
    assert [tuple(each) for each in seen] == [("registration", "self-registration")] * 2


async def test_a_search_is_by_the_card_or_by_the_code(client: httpx.AsyncClient) -> None:
    for body in ({}, {"id_number": id_number(), "code": "3467-ACDE"}, {"code": ""}):
        assert (await client.post(SEARCHES, json=body)).status_code == 422
    assert (await client.post(SEARCHES, json={"code": "没有这个码"})).json() == []


def test_companions_are_numbered_without_gaps() -> None:
    values, count = tidy(
        {"companions.7.name": "b", "companions.2.name": " a ", "companions.3.name": " ", "x": "y"}
    )
    assert (values, count) == ({"companions.0.name": "a", "companions.1.name": "b"}, 2)


async def test_an_address_is_counted_by_every_replica_and_written_nowhere(
    open_tx: TxFactory,
) -> None:
    async with open_tx("migrant", actor=clerk()) as tx:
        for _ in range(SHIPPED[Limit.FORMS_ADDRESS_DAY].value):
            await count_form("10.9.8.7", tx)
        with pytest.raises(TooManyToday):
            await count_form("10.9.8.7", tx)  # in whatever process
        await count_form("10.9.8.8", tx)
        rows = await tx.fetch("SELECT mark, day, forms FROM form_counts ORDER BY forms")
        assert [row["forms"] for row in rows] == [1, SHIPPED[Limit.FORMS_ADDRESS_DAY].value]
        assert all(b"10.9.8" not in row["mark"] for row in rows)
        tx.now += timedelta(days=1)
        await count_form("10.9.8.7", tx)
        await erase_expired(tx)
        (left,) = await tx.fetch("SELECT mark, forms FROM form_counts")
        assert left["forms"] == 1
        assert left["mark"] not in [row["mark"] for row in rows]  # no day tells of another
