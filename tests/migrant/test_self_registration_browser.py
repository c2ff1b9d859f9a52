"""The open page of registration by phone in a real browser: a phone of 360 × 740, no script, and
nothing but a keyboard; from the poster on the wall to the code for the desk."""

from collections.abc import AsyncIterator

import pytest
from fastapi import FastAPI

from deploy.box.fleet import free_ports
from services.migrant.self_registrations.rules import shown_code
from shared.testing import Issuer, client_of
from tests.chromium import Browser, Page
from tests.conftest import ServiceFactory
from tests.migrant.conftest import bearer
from tests.migrant.samples import VILLAGE, id_number
from tests.migrant.test_accounts_routes import sql
from tests.migrant.test_regions import tell
from tests.migrant.test_self_registrations_rules import SON
from tests.pages import assert_good
from tests.scanning import read_codes, scanned
from tests.shells import served

POSTER = "/migrant/v1/self-registration-poster.pdf"
TAGS = {"zh": "zh-CN", "en": "en-GB"}


@pytest.fixture
async def county(start_service: ServiceFactory) -> AsyncIterator[FastAPI]:
    """The service on a port, with the list of its regions."""
    (port,) = free_ports(1)
    url = f"http://127.0.0.1:{port}"
    async with start_service("migrant", public_url=url) as app, served(app, port):
        await tell(app)
        yield app


async def address(app: FastAPI, issuer: Issuer) -> str:
    """What a phone reads from the poster on the wall."""
    token = bearer(issuer, scope="migrant:read")
    async with client_of(app, None, token) as clerk:
        poster = await clerk.get(POSTER, params={"region": VILLAGE, "place": "东街社区"})
    (found,) = await read_codes(await scanned(poster.content))
    return found


async def opened(browser: Browser, app: FastAPI, issuer: Issuer, language: str) -> Page:
    page = await browser.page(language=TAGS[language], scripts=False)
    await page.open(await address(app, issuer))
    return page


async def value(page: Page, name: str) -> str:
    return str(await page.ask(f"document.getElementById('{name}').value"))


async def tab_to(page: Page, wanted: str) -> None:
    """By the tab key alone, which has to lead there."""
    for _ in range(30):
        await page.press("Tab")
        if await page.focused() == wanted:
            return
    raise AssertionError(f"the tab key does not lead to {wanted}")


async def fill_in(page: Page, number: str) -> None:
    await tab_to(page, "name")
    await page.write("刘小梅")
    await tab_to(page, "id_number")
    await page.write(number)
    await tab_to(page, "arrived_on")
    for digit in "03022026":
        await page.press(digit)
    await tab_to(page, "stay_purpose")
    await page.press("ArrowDown")


@pytest.mark.parametrize("language", ["zh", "en"])
async def test_from_the_poster_to_the_code_for_the_desk(
    browser: Browser, county: FastAPI, issuer: Issuer, language: str
) -> None:
    page = await opened(browser, county, issuer, language)
    await assert_good(page, language)
    assert await value(page, "region") == VILLAGE
    assert "城关镇 东街社区" in await page.ask("document.body.innerText")

    await fill_in(page, "123")
    await tab_to(page, "send")
    await page.press("Enter", loads=True)
    (refused,) = page.faults  # a browser notes that the form was answered with 422
    assert "422" in refused
    page.faults.clear()
    await assert_good(page, language)
    await page.focus_comes_to("id_number")
    kept = [await value(page, name) for name in ("name", "id_number", "arrived_on", "stay_purpose")]
    assert kept == ["刘小梅", "123", "2026-03-02", "work"]
    told = await page.ask(
        "document.getElementById(document.activeElement.getAttribute('aria-describedby')).innerText"
    )
    assert {"zh": "公民身份号码：位数不对", "en": "the number of characters is wrong"}[
        language
    ] in told
    below = await page.ask(
        "document.getElementById('id_number-wrong').getBoundingClientRect().top"
        " - document.getElementById('id_number').getBoundingClientRect().bottom"
    )
    assert 0 <= below < 20  # beside its field, as one sees it
    assert await sql(county, "SELECT 1 FROM self_registrations") == []

    for _ in "123":
        await page.press("Delete")
    await page.write(id_number())
    await page.press("Enter", loads=True)  # the return key sends
    await assert_good(page, language)
    (row,) = await sql(county, "SELECT code FROM self_registrations")
    assert shown_code(row["code"]) in await page.ask("document.body.innerText")
    assert await read_codes(await page.picture()) == [row["code"]]


async def test_a_family_and_a_change_of_mind_by_keyboard(
    browser: Browser, county: FastAPI, issuer: Issuer
) -> None:
    page = await opened(browser, county, issuer, "zh")
    await fill_in(page, id_number())
    await tab_to(page, "add")
    await page.press("Enter", loads=True)
    await assert_good(page, "zh")
    await tab_to(page, "companions.0.name")
    await page.write("刘小宝")
    await tab_to(page, "companions.0.id_number")
    await page.write(SON)
    await page.press("Enter", loads=True)
    (row,) = await sql(county, "SELECT people, status FROM self_registrations")
    assert tuple(row) == (2, "open")
    await tab_to(page, "edit")
    await page.press("Enter", loads=True)
    assert await value(page, "companions.0.name") == "刘小宝"
    await tab_to(page, "send")
    await page.press("Enter", loads=True)
    await tab_to(page, "withdraw")
    await page.press("Enter", loads=True)
    await assert_good(page, "zh")
    (row,) = await sql(county, "SELECT status, form_sealed FROM self_registrations")
    assert tuple(row) == ("withdrawn", None)


async def test_what_is_empty_is_said_before_anything_is_sent(
    browser: Browser, county: FastAPI, issuer: Issuer
) -> None:
    page = await opened(browser, county, issuer, "zh")
    await tab_to(page, "send")
    await page.press("Enter")
    assert await page.focused() == "name"
    assert list(page.statuses.values()) == [200]


async def test_the_page_asks_for_nothing_else(
    browser: Browser, county: FastAPI, issuer: Issuer
) -> None:
    page = await opened(browser, county, issuer, "zh")
    assert await page.ask("performance.getEntriesByType('resource').length") == 0
    assert await page.ask("document.scripts.length") == 0
    assert await page.ask("document.cookie") == ""


async def test_the_language_is_switched_by_keyboard(
    browser: Browser, county: FastAPI, issuer: Issuer
) -> None:
    page = await opened(browser, county, issuer, "zh")
    await page.press("Tab")
    await page.press("Enter", loads=True)
    await assert_good(page, "en")
    assert await value(page, "region") == VILLAGE
