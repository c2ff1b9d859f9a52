"""A real Kannel (Debian packages kannel and kannel-extras) as a test drives it: bearerbox, smsbox
and its fake message centre, on free ports of loopback."""

import asyncio
import re
import socket
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import quote_from_bytes, unquote_to_bytes

import httpx

from tests.debian import Unpacked, unpacked

# kannel's own, and the libraries it is linked with that few machines have
PACKAGES = ("kannel", "kannel-extras", "libct4", "libhiredis0.14", "libmariadb3", "libpcre3")
USERNAME, PASSWORD = "yipan", "secret"
_PATIENCE = 30.0
_TAKEN = re.compile(rb"Got message \d+: <(\S+) (\S+) (.*)>")
_CONFIGURATION = """
group = core
admin-port = {admin}
admin-interface = "127.0.0.1"
admin-password = nobody
smsbox-port = {box}
box-allow-ip = "127.0.0.1"
log-level = 0
dlr-storage = internal

group = smsc
smsc = fake
smsc-id = fake
port = {centre}
connect-allow-ip = "127.0.0.1"

group = smsbox
bearerbox-host = "127.0.0.1"
sendsms-port = {sendsms}
sendsms-interface = "127.0.0.1"
log-level = 0

group = sendsms-user
username = {username}
password = {password}
concatenation = true
max-messages = 10

group = sms-service
keyword = default
catch-all = true
omit-empty = true
max-messages = 0
get-url = "http://127.0.0.1:{relay}/notify/v1/callbacks/kannel/inbound?token={token}&id=%I&phone=%p&text=%b&charset=%C"
"""


class Kannel:
    """A running Kannel. Whatever it calls goes to `client`, once there is one."""

    def __init__(self, root: Unpacked, ports: dict[str, int]) -> None:
        self.url = f"http://127.0.0.1:{ports['sendsms']}/cgi-bin/sendsms"
        self.callback_url = f"http://127.0.0.1:{ports['relay']}/notify/v1/callbacks/kannel"
        self.taken: list[tuple[str, str, bytes, bytes]] = []  # from, to, header, octets
        self.called: list[str] = []
        self.answers: list[int] = []
        self.client: httpx.AsyncClient | None = None
        self._root = root
        self._ports = ports
        self._changed = asyncio.Condition()
        self._centre: Process | None = None
        self._listening: asyncio.Task[None] | None = None

    async def until(self, *, taken: int = 0, called: int = 0) -> None:
        """Wait until the centre has got so many units and Kannel has called so often."""
        async with asyncio.timeout(_PATIENCE), self._changed:
            await self._changed.wait_for(
                lambda: len(self.taken) >= taken and len(self.answers) >= called
            )

    async def deliver(self, text: str, *, wide: bool = False) -> None:
        """A text from somebody, as GSM characters or in UCS-2."""
        words = f"ucs2 {quote_from_bytes(text.encode('utf-16-be'))}" if wide else f"text {text}"
        await self.be_centre("-m", "1", f"13900000001 10690000 {words}")

    async def be_centre(self, *arguments: str) -> None:
        """Be the message centre from now on; Kannel speaks to one at a time."""
        await self.leave()
        (path,) = self._root.root.glob("usr/**/fakesmsc")
        port = str(self._ports["centre"])
        self._centre = await asyncio.create_subprocess_exec(
            path, "-H", "127.0.0.1", "-r", port, *(arguments or ("-m", "0", "1 2 text unused")),
            stdout=DEVNULL, stderr=PIPE, env=self._root.environment,
        )  # fmt: skip
        self._listening = asyncio.create_task(self._listen(self._centre))

    async def leave(self) -> None:
        if self._centre is not None and self._listening is not None:
            self._centre.kill()
            await self._centre.wait()
            await self._listening

    async def _listen(self, process: Process) -> None:
        assert process.stderr is not None
        while line := await process.stderr.readline():
            found = _TAKEN.search(line)
            if found:
                async with self._changed:
                    self.taken.append((found[1].decode(), found[2].decode(), *_unit(found[3])))
                    self._changed.notify_all()

    async def relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Hand one call of Kannel's on to the client, and its answer back."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        target = head.split(" ", 2)[1]
        self.called.append(target)
        status, content = 503, b""
        if self.client is not None:
            answer = await self.client.get(target)
            status, content = answer.status_code, answer.content
        writer.write(
            f"HTTP/1.1 {status} X\r\nContent-Type: text/plain\r\nConnection: close\r\n"
            f"Content-Length: {len(content)}\r\n\r\n".encode()
            + content
        )
        await writer.drain()
        writer.close()
        async with self._changed:
            self.answers.append(status)
            self._changed.notify_all()

    async def start(self, name: str, *arguments: str) -> Process:
        (path,) = self._root.root.glob(f"usr/**/{name}")
        return await asyncio.create_subprocess_exec(
            path, *arguments, stdout=DEVNULL, stderr=DEVNULL, env=self._root.environment
        )


def _unit(words: bytes) -> tuple[bytes, bytes]:
    """The header and the octets of a unit, as the fake centre writes it: `ucs-2 OCTETS`,
    `text …` or `udh HEADER data OCTETS`."""
    kind, _, rest = words.partition(b" ")
    if kind == b"udh":
        header, _, rest = rest.partition(b" ")
        return unquote_to_bytes(header), unquote_to_bytes(rest.partition(b" ")[2])
    return b"", rest if kind == b"text" else unquote_to_bytes(rest)


def _free_ports(*names: str) -> dict[str, int]:
    sockets = {name: socket.create_server(("127.0.0.1", 0)) for name in names}
    ports = {name: each.getsockname()[1] for name, each in sockets.items()}
    for each in sockets.values():
        each.close()
    return ports


async def _reachable(port: int) -> None:
    async with asyncio.timeout(_PATIENCE):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.1)
                continue
            writer.close()
            return


@asynccontextmanager
async def running_kannel(folder: Path, token: str) -> AsyncIterator[Kannel]:
    """A Kannel; its programs end with it."""
    root = await asyncio.to_thread(unpacked, *PACKAGES)
    ports = _free_ports("admin", "box", "centre", "sendsms", "relay")
    kannel = Kannel(root, ports)
    configuration = folder / "kannel.conf"
    configuration.write_text(
        _CONFIGURATION.format(**ports, username=USERNAME, password=PASSWORD, token=token)
    )
    relay = await asyncio.start_server(kannel.relay, "127.0.0.1", ports["relay"])
    bearerbox = await kannel.start("bearerbox", str(configuration))
    await _reachable(ports["box"])
    smsbox = await kannel.start("smsbox", str(configuration))
    await _reachable(ports["sendsms"])
    await kannel.be_centre()
    try:
        yield kannel
    finally:
        await kannel.leave()
        for each in (smsbox, bearerbox):
            each.terminate()
            await each.wait()
        relay.close()
