"""Kannel (开源短信网关) for row 9: bearerbox with its store on disk, and smsbox with its sendsms
door. No message centre is bound, so that accepting is all it does."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

from deploy.box.fleet import free_ports
from tests.bench.load import request_bytes
from tests.debian import Unpacked, unpacked
from tests.notify.kannel import PACKAGES

_USER: Final = "bench"
_SECONDS: Final = 30
_BEARERBOX = """
group = core
admin-port = {admin}
admin-password = {user}
smsbox-port = {inner}
box-allow-ip = 127.0.0.1
store-type = file
store-location = {folder}/store
log-file = {folder}/bearerbox.log
log-level = 4

group = smsc
smsc = fake
smsc-id = none
port = {smsc}
connect-allow-ip = 127.0.0.1
"""
_SMSBOX = """
group = smsbox
bearerbox-host = 127.0.0.1
sendsms-interface = 127.0.0.1
sendsms-port = {door}
log-file = {folder}/smsbox.log
log-level = 4

group = sendsms-user
username = {user}
password = {user}
concatenation = true
max-messages = 10
"""


@asynccontextmanager
async def kannel(folder: Path) -> AsyncIterator[int]:
    """Kannel around a block; gives the port of its door. Raises OSError or TimeoutError where
    it does not start."""
    programs = await asyncio.to_thread(unpacked, *PACKAGES)
    admin, inner, smsc, door = free_ports(4)
    values = {"admin": admin, "inner": inner, "smsc": smsc, "door": door}
    settings = folder / "kannel.conf"
    settings.write_text((_BEARERBOX + _SMSBOX).format(folder=folder, user=_USER, **values))
    bearerbox = await _start(programs, "bearerbox", settings, inner)
    try:
        smsbox = await _start(programs, "smsbox", settings, door)
        try:
            yield door
        finally:
            smsbox.terminate()
            await smsbox.wait()
    finally:
        bearerbox.terminate()
        await bearerbox.wait()


def sendsms(phone: str, text: str) -> bytes:
    """One text as a request of Kannel's own API, in UCS-2."""
    query = {
        "username": _USER,
        "password": _USER,
        "from": "10690000",
        "to": phone,
        "charset": "UTF-8",
        "coding": "2",
        "text": text,
    }
    return request_bytes(
        "GET", f"/cgi-bin/sendsms?{urlencode(query)}", {"Connection": "keep-alive"}
    )


async def _start(
    programs: Unpacked, name: str, settings: Path, port: int
) -> asyncio.subprocess.Process:
    process = await asyncio.create_subprocess_exec(
        programs.root / f"usr/sbin/{name}", "-v", "4", settings,
        env=programs.environment, stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL, cwd=settings.parent,
    )  # fmt: skip
    async with asyncio.timeout(_SECONDS):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                if process.returncode is not None:
                    raise OSError(f"{name} ended with {process.returncode}") from None
                await asyncio.sleep(0.05)
            else:
                writer.close()
                return process
