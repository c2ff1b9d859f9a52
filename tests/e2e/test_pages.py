"""Every page that a service serves, opened in a real browser on a phone."""

from typing import Any

import pytest
from fastapi import FastAPI

from deploy.box.databases import SERVICES
from deploy.box.fleet import free_ports
from shared.testing import Issuer
from tests.chromium import Browser
from tests.conftest import ServiceFactory
from tests.e2e.trial import scopes
from tests.pages import JUDGE, assert_good
from tests.shells import served

# What serves a page by GET. A new one joins here, and is opened below.
PAGES = {
    "migrant": {"/migrant/v1/entitlements", "/migrant/v1/self-registration"},
    "notify": {"/notify/v1/delivery/page"},
}


def pages_of(app: FastAPI) -> set[str]:
    document: dict[str, Any] = app.openapi()
    return {
        path
        for path, operations in document["paths"].items()
        if "get" in operations
        and "text/html" in operations["get"]["responses"].get("200", {}).get("content", {})
    }


@pytest.mark.parametrize("service", SERVICES)
async def test_every_page_is_known_and_good_in_both_languages(
    start_service: ServiceFactory, issuer: Issuer, browser: Browser, service: str
) -> None:
    (port,) = free_ports(1)
    headers = {"Authorization": f"Bearer {issuer.token(scope=scopes())}"}
    async with start_service(service) as app, served(app, port):
        assert pages_of(app) == PAGES.get(service, set())
        for path in PAGES.get(service, ()):
            for language in ("zh", "en"):
                page = await browser.page(language=language, headers=headers)
                await page.open(f"http://127.0.0.1:{port}{path}")
                assert set(page.statuses.values()) == {200}
                await assert_good(page, language)


async def test_a_bad_page_is_seen_to_be_bad(browser: Browser) -> None:
    """What judges the pages finds each fault there can be."""
    bad = (
        "<html lang=zh><body><script>console.error('x')</script><p style='color:%23aaa'>faint</p>"
        "<input name=nameless><div id=a style='width:900px'>wide</div><div id=a></div>"
    )
    page = await browser.page()
    await page.open(f"data:text/html,{bad}")
    faults = await page.ask(JUDGE)
    for fault in (
        *("contrast 2.32", "no label: nameless", "an id is there twice", "not one h1", "no title"),
        *("quirks mode", "wide: "),
    ):
        assert any(each.startswith(fault) for each in faults), (fault, faults)
    assert len(page.faults) == 1
    with pytest.raises(AssertionError):
        await assert_good(page, "zh")
