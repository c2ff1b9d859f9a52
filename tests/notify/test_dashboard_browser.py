"""The delivery dashboard in a real browser, on a phone and on a desk."""

import pytest

from deploy.box.fleet import free_ports
from tests.chromium import Browser
from tests.notify.conftest import SCOPES, Notify
from tests.notify.test_dashboard_routes import busy as busy
from tests.pages import assert_good
from tests.shells import served


@pytest.mark.parametrize(("language", "width"), [("zh", 360), ("en", 360), ("zh", 1280)])
async def test_the_dashboard_is_read_on_any_screen(
    browser: Browser, busy: Notify, language: str, width: int
) -> None:
    (port,) = free_ports(1)
    headers = {"Authorization": f"Bearer {busy.issuer.token(scope=SCOPES)}"}
    page = await browser.page(width=width, language=language, scripts=False, headers=headers)
    async with served(busy.app, port):
        await page.open(f"http://127.0.0.1:{port}/notify/v1/delivery/page")
    await assert_good(page, language)
    assert await page.ask("document.querySelectorAll('svg').length") == 3
    cut = "[...document.querySelectorAll('svg')].filter(s => s.getBoundingClientRect().right"
    assert await page.ask(f"{cut} > screen.width).length") == 0
