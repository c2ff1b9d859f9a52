"""A real browser for tests: Chromium without a window (Debian package chromium-headless-shell, on
the path), driven through its DevTools protocol over a pair of pipes.

Where it cannot be had the tests say so and are skipped, unless YIPAN_REQUIRE_FOREIGN=1.
"""

import asyncio
import base64
import json
import os
import shutil
import signal
import sys
from asyncio import StreamReader, WriteTransport
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any, Final

import pylopdf_fonts_zh_cn

from tests.foreign import required

_PROGRAM: Final = "chromium-headless-shell"
_PATIENCE: Final = 30.0
# The protocol is spoken on descriptors 3 and 4 of the browser.
_ON_3_AND_4: Final = (
    "import os, sys; os.dup2(int(sys.argv[1]), 3); os.dup2(int(sys.argv[2]), 4);"
    " os.execv(sys.argv[3], sys.argv[3:])"
)
_OPTIONS: Final = (
    "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run",
    "--disable-dev-shm-usage", "--remote-debugging-pipe",
)  # fmt: skip
_FONTS: Final = """<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir>{fonts}</dir><cachedir>{cache}</cachedir></fontconfig>"""
_CODES: Final = {"Tab": 9, "Enter": 13, "ArrowDown": 40, "Delete": 46}


class Browser:
    """A running Chromium."""

    def __init__(self, reader: StreamReader, writer: WriteTransport) -> None:
        self._reader = reader
        self._writer = writer
        self._ids = count(1)
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._pages: dict[str, Page] = {}

    async def call(self, method: str, session: str = "", /, **params: Any) -> dict[str, Any]:
        """The result of a call of the protocol. Raises RuntimeError with what was wrong."""
        number = next(self._ids)
        self._answers[number] = asyncio.get_running_loop().create_future()
        message: dict[str, Any] = {"id": number, "method": method, "params": params}
        if session:
            message["sessionId"] = session
        self._writer.write(json.dumps(message).encode() + b"\0")
        async with asyncio.timeout(_PATIENCE):
            answer = await self._answers[number]
        del self._answers[number]
        return answer

    async def page(
        self,
        *,
        width: int = 360,
        height: int = 740,
        language: str = "zh-CN",
        scripts: bool = True,
        headers: Mapping[str, str] | None = None,
    ) -> "Page":
        """An empty page of a phone of this size (CSS pixels), with cookies of its own."""
        context = await self.call("Target.createBrowserContext")
        made = await self.call(
            "Target.createTarget", url="about:blank", browserContextId=context["browserContextId"]
        )
        joined = await self.call("Target.attachToTarget", targetId=made["targetId"], flatten=True)
        page = self._pages[joined["sessionId"]] = Page(self, joined["sessionId"])
        for domain in ("Page", "Runtime", "Log", "Network"):
            await page.call(f"{domain}.enable")
        await page.call(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=2, mobile=True,
        )  # fmt: skip
        await page.call("Emulation.setLocaleOverride", locale=language)
        sent = {"Accept-Language": language} | dict(headers or {})
        await page.call("Network.setExtraHTTPHeaders", headers=sent)
        await page.call("Emulation.setScriptExecutionDisabled", value=not scripts)
        return page

    async def listen(self) -> None:
        """Hands out answers and events until the browser ends."""
        with suppress(asyncio.IncompleteReadError):
            while True:
                message = json.loads((await self._reader.readuntil(b"\0"))[:-1])
                answer = self._answers.get(message.get("id", 0))
                if answer is not None and "error" in message:
                    answer.set_exception(RuntimeError(message["error"]["message"]))
                elif answer is not None:
                    answer.set_result(message["result"])
                elif page := self._pages.get(message.get("sessionId", "")):
                    page.heard(message["method"], message["params"])


@dataclass
class Page:
    """A page in the browser. `faults` are the errors it had: scripts, its policy, what could not be
    loaded."""

    browser: Browser
    session: str
    faults: list[str] = field(default_factory=list)
    statuses: dict[str, int] = field(default_factory=dict)
    _loaded: asyncio.Event = field(default_factory=asyncio.Event)

    def heard(self, method: str, params: dict[str, Any]) -> None:
        if method == "Page.loadEventFired":
            self._loaded.set()
        elif method == "Runtime.exceptionThrown":
            self.faults.append(str(params["exceptionDetails"]))
        elif method == "Log.entryAdded" and params["entry"]["level"] in ("error", "warning"):
            self.faults.append(f"{params['entry']['text']} {params['entry'].get('url', '')}")
        elif method == "Runtime.consoleAPICalled" and params["type"] in ("error", "warning"):
            self.faults.append(str(params["args"]))
        elif method == "Network.responseReceived" and params["type"] == "Document":
            self.statuses[params["response"]["url"]] = params["response"]["status"]

    async def call(self, method: str, **params: Any) -> dict[str, Any]:
        return await self.browser.call(method, self.session, **params)

    async def open(self, url: str) -> None:
        """Raises RuntimeError where nothing answers."""
        self._loaded.clear()
        answer = await self.call("Page.navigate", url=url)
        if error := answer.get("errorText"):
            raise RuntimeError(f"{url}: {error}")
        await self._wait()

    async def ask(self, expression: str) -> Any:
        """What a JavaScript expression says of the page; works where the page may run none."""
        answer = await self.call(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True
        )
        if "exceptionDetails" in answer:
            raise RuntimeError(str(answer["exceptionDetails"]))
        return answer["result"].get("value")

    async def press(self, key: str, *, loads: bool = False) -> None:
        """A key of the keyboard: a digit, or one of Tab, Enter, ArrowDown, Delete. `loads`: wait
        for the page that comes of it."""
        self._loaded.clear()
        printed = "\r" if key == "Enter" else key if key.isdigit() else ""
        code = _CODES.get(key, ord(key[0]))
        common = {"key": key, "windowsVirtualKeyCode": code, "code": key}
        await self.call("Input.dispatchKeyEvent", type="keyDown", text=printed, **common)
        await self.call("Input.dispatchKeyEvent", type="keyUp", **common)
        if loads:
            await self._wait()

    async def write(self, text: str) -> None:
        """Into the field that has the focus, as an input method does."""
        await self.call("Input.insertText", text=text)

    async def focused(self) -> str:
        """The id of what has the focus, or the value of a button."""
        active = "document.activeElement"
        return str(await self.ask(f"{active}.id || {active}.value || {active}.tagName"))

    async def focus_comes_to(self, wanted: str) -> None:
        """Wait for it: what asks for the focus of a new page gets it when that is first drawn."""
        async with asyncio.timeout(_PATIENCE):
            while await self.focused() != wanted:
                await asyncio.sleep(0.02)

    async def picture(self) -> bytes:
        """The whole page as a PNG."""
        shot = await self.call("Page.captureScreenshot", captureBeyondViewport=True)
        return base64.b64decode(shot["data"])

    async def _wait(self) -> None:
        async with asyncio.timeout(_PATIENCE):
            await self._loaded.wait()


@asynccontextmanager
async def chromium(folder: Path) -> AsyncIterator[Browser]:
    """A browser that keeps what it keeps in `folder`, with the font that our paper has."""
    program = required(_PROGRAM, _found)
    fonts = folder / "fonts.conf"
    fonts.write_text(
        _FONTS.format(fonts=pylopdf_fonts_zh_cn.sans_path().parent, cache=folder / "fonts")
    )
    (theirs_in, ours_out), (ours_in, theirs_out) = os.pipe(), os.pipe()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _ON_3_AND_4, str(theirs_in), str(theirs_out),
        program, *_OPTIONS, f"--user-data-dir={folder / 'profile'}", "about:blank",
        pass_fds=(theirs_in, theirs_out, 3, 4),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
        start_new_session=True,
        env=os.environ | {"FONTCONFIG_FILE": str(fonts), "HOME": str(folder)},
    )  # fmt: skip
    os.close(theirs_in)
    os.close(theirs_out)
    loop = asyncio.get_running_loop()
    reader = StreamReader(limit=2**26)
    incoming, _ = await loop.connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(ours_in, "rb", 0)
    )
    writer, _ = await loop.connect_write_pipe(asyncio.Protocol, os.fdopen(ours_out, "wb", 0))
    browser = Browser(reader, writer)
    listening = asyncio.create_task(browser.listen())
    try:
        yield browser
    finally:
        writer.close()  # a browser whose pipe is closed ends
        incoming.close()
        listening.cancel()
        with suppress(asyncio.CancelledError):
            await listening
        try:
            async with asyncio.timeout(5):
                await process.wait()
        except TimeoutError:
            os.killpg(process.pid, signal.SIGKILL)
            await process.wait()


def _found() -> str:
    """Raises FileNotFoundError."""
    found = shutil.which(_PROGRAM)
    if found is None:
        raise FileNotFoundError(_PROGRAM)
    return found
