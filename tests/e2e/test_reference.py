"""`/<service>/docs` as an engineer of a county without the internet opens it: in a real browser,
with nothing but what the service itself serves."""

import asyncio

import pytest

from deploy.box.databases import SERVICES
from deploy.box.fleet import free_ports
from shared.testing import client_of
from tests.chromium import Browser, Page
from tests.conftest import ServiceFactory
from tests.shells import served

PATIENCE = 45.0
SHOWN = "document.querySelectorAll('.opblock').length"
ASKED = "performance.getEntriesByType('resource').map(each => each.name)"


async def until(page: Page, expression: str) -> None:
    """Wait for what the page draws once it has the document. Raises TimeoutError."""
    async with asyncio.timeout(PATIENCE):
        while not await page.ask(expression):
            await asyncio.sleep(0.1)


@pytest.mark.parametrize("service", SERVICES)
async def test_every_operation_is_shown_without_the_internet(
    start_service: ServiceFactory, browser: Browser, service: str
) -> None:
    (port,) = free_ports(1)
    async with start_service(service) as app, served(app, port):
        operations = sum(len(each) for each in app.openapi()["paths"].values())
        here = f"http://127.0.0.1:{port}/{service}"
        page = await browser.page(width=1280, height=900, language="en")
        await page.open(f"{here}/docs")
        await until(page, f"{SHOWN} >= {operations}")
        assert await page.ask(SHOWN) == operations
        assert set(await page.ask(ASKED)) == {
            f"{here}/docs/swagger-ui.css",
            f"{here}/docs/swagger-ui-bundle.js",
            f"{here}/docs/start.js",
            f"{here}/openapi.json",
        }
        assert not page.faults, page.faults


async def test_an_operation_is_tried_out(start_service: ServiceFactory, browser: Browser) -> None:
    """The page's policy lets it call the service that it is of."""
    (port,) = free_ports(1)
    async with start_service("notify") as app, served(app, port):
        page = await browser.page(width=1280, height=900, language="en")
        await page.open(f"http://127.0.0.1:{port}/notify/docs")
        alive = "document.querySelector('[id^=operations-operations-healthz]')"
        for part in (".opblock-summary-control", ".try-out__btn", ".execute"):
            await until(page, f"{alive}?.querySelector('{part}') != null")
            await page.ask(f"{alive}.querySelector('{part}').click()")
        answer = f"{alive}.querySelector('.live-responses-table')"
        await until(page, f"{answer}?.textContent.includes('alive')")
        assert not page.faults, page.faults


async def test_the_page_may_do_nothing_but_that(start_service: ServiceFactory) -> None:
    async with start_service("registry") as app, client_of(app) as client:
        policy = (await client.get("/registry/docs")).headers["content-security-policy"]
        assert "unsafe" not in policy
        assert policy.startswith("default-src 'none'; script-src 'self';")
        for name in ("redoc.standalone.js", "..%2F..%2Fcore.py", "x"):
            assert (await client.get(f"/registry/docs/{name}")).status_code == 404
