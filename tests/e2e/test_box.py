"""The launcher as its user meets it: every test runs `yipan` as a process of its own."""

import asyncio
import json
import os
import re
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from pathlib import Path

import asyncpg
import httpx
import psutil
import pytest

from deploy.box.fleet import free_ports
from deploy.box.keys import make_token
from shared.crypto import Vault
from shared.envelope import envelope
from shared.events.migrant import MigrantArrived
from shared.ids import new_id
from tests.bench import people
from tests.chaos.box import Box
from tests.chaos.load import ARRIVAL, PATHS, PERSON, body

pytestmark = pytest.mark.slow

VISIBLE_SECONDS = 10.0


@pytest.fixture(scope="module")
async def box(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Box]:
    """A running box with the sample county in it."""
    started = Box(tmp_path_factory.mktemp("box"), free_ports(1)[0], sample=True)
    await started.start()
    yield started
    await started.stop()


async def yipan(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run the command to its end."""
    return await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "deploy.box", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=120,
    )


async def run_refused(data: Path, port: int) -> str:
    """Start a box that cannot start: exit code 1, one sentence a language, nothing printed as if
    it ran. Returns what it said."""
    done = await yipan("run", "--no-sample", "--data", data, "--port", str(port))
    assert done.returncode == 1, done.stderr
    assert done.stdout == ""
    english, chinese = done.stderr.strip().splitlines()
    assert english.startswith("yipan: ")
    assert chinese.startswith("一盘: ")
    assert not _servers_under(data)
    return done.stderr


def _servers_under(folder: Path) -> list[int]:
    """Processes that work in a folder or name it on their command line."""
    found = []
    for process in psutil.process_iter():
        try:
            named = str(folder) in " ".join(process.cmdline())
            works = process.cwd().startswith(str(folder))
        except psutil.Error:
            continue
        if named or works:
            found.append(process.pid)
    return found


async def test_it_says_where_it_is_and_how_to_try_it(box: Box) -> None:
    said = box.log.read_text()
    token = re.search(r"^TOKEN=(\S+)$", said, re.MULTILINE)
    address = re.search(r"'(http://127\.0\.0\.1:\d+/\S+)'", said)
    assert token and address
    async with httpx.AsyncClient() as client:
        headers = {"Authorization": f"Bearer {token[1]}"}
        answer = await client.get(address[1], headers=headers)
        docs = re.findall(r"^ +(http\S+/docs)$", said, re.MULTILINE)
        statuses = [(await client.get(each)).status_code for each in docs]
    assert answer.status_code == 200
    assert answer.json()["total"] > 100
    assert statuses == [200] * 5


async def test_the_token_command_makes_tokens_that_work_for_what_they_say(box: Box) -> None:
    done = await yipan(
        "token", "--data", box.data, "--sub", "c", "--region", "420325", "--scope", "registry:read"
    )
    assert done.returncode == 0
    headers = {"Authorization": f"Bearer {done.stdout.strip()}", "Purpose": "registration"}
    async with httpx.AsyncClient(base_url=box.url, headers=headers) as client:
        known = await client.get("/registry/v1/regions/420325")
        forbidden = await client.post(PATHS[PERSON], json=body(PERSON, 1))
    assert known.status_code == 200
    assert forbidden.status_code == 403


async def test_a_token_of_no_box_is_refused_in_a_sentence(tmp_path: Path) -> None:
    arguments = ["--sub", "c", "--region", "420325", "--scope", "registry:read"]
    done = await yipan("token", "--data", tmp_path, *arguments)
    assert done.returncode == 1
    assert "holds no box yet" in done.stderr
    assert "Traceback" not in done.stderr


async def test_dead_letters_are_listed_replayed_and_given_up(box: Box) -> None:
    good, hopeless = new_id(), new_id()
    async with _assessment(box) as database:
        await _bury(database, str(good), 1, _arrived(box))
        await _bury(database, str(hopeless), 2, b"{}")
        ids = {
            row["event_id"]: str(row["id"])
            for row in await database.fetch("SELECT id, event_id FROM dead_letters")
        }
    first, second = ids[str(good)], ids[str(hopeless)]
    letters: list[str | Path] = ["dead-letters", "list", "assessment", "--data", box.data]
    listed = await yipan(*letters)
    assert [line.split("\t")[0] for line in listed.stdout.splitlines()] == [first, second]

    replay: list[str | Path] = ["dead-letters", "replay", "assessment", "--data", box.data]
    assert (await yipan(*replay, first)).stdout.startswith(f"{first}\tapplied")
    again = await yipan(*replay, second)
    assert again.returncode == 1
    assert "failed again" in again.stdout

    give_up: list[str | Path] = ["dead-letters", "give-up", "assessment", "--data", box.data]
    assert (await yipan(*give_up, second, "--reason", "made up")).returncode == 0
    assert (await yipan(*give_up, second, "--reason", "made up")).returncode == 1
    assert (await yipan(*letters)).stdout == ""
    settled = (await yipan(*letters, "--settled")).stdout.splitlines()
    assert [line.split("\t")[4].split(":")[0] for line in settled] == ["replayed", "given up"]


def _arrived(box: Box) -> bytes:
    event = MigrantArrived(
        arrival_id=new_id(),
        person_id=new_id(),
        region=people.VILLAGE,
        origin_region="500101",
        arrived_on=date(2026, 3, 2),
        stay_purpose="work",
        room_id=None,
        name=people.name(5),
        id_number=people.id_number(5),
    )
    keys = box.keys
    vault = Vault.from_text(keys.event_key, keys.index_keys["assessment"])
    text = envelope(
        event, new_id(), "/test", datetime.now(UTC), vault,
        actor="test", correlation_id="test", causation_id=None,
    )  # fmt: skip
    return text.encode()


@asynccontextmanager
async def _assessment(box: Box) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(box.note()["owners"]["assessment"])
    yield connection
    await connection.close()


async def _bury(database: asyncpg.Connection, event_id: str, offset: int, payload: bytes) -> None:
    await database.execute(
        'INSERT INTO dead_letters (consumer, topic, partition, "offset", event_id, event_type, key,'
        " payload, reason, attempts, failed_at)"
        " VALUES ('assessment', 'yipan.migrant', 0, $1, $2, $3, 'k', $4, 'made up', 1, now())",
        offset + 1_000_000,
        event_id,
        MigrantArrived.event_type,
        payload,
    )


async def test_without_a_running_box_dead_letters_say_so(tmp_path: Path) -> None:
    done = await yipan("dead-letters", "list", "notify", "--data", tmp_path)
    assert done.returncode == 1
    assert "No box runs on" in done.stderr


async def test_a_second_box_beside_it_ends_on_ctrl_c_and_finds_its_data_again(
    box: Box, tmp_path: Path
) -> None:
    """The second box begins on a folder where an earlier first start was cut off."""
    second = Box(tmp_path, free_ports(1)[0])
    (second.data / "postgres" / "cluster.new" / "base").mkdir(parents=True)
    (second.data / "keys.new").write_text("half a key")
    await second.start()
    headers = _clerk(second)
    async with httpx.AsyncClient(base_url=second.url, headers=headers) as client:
        made = await client.post(PATHS[ARRIVAL], json=body(ARRIVAL, 3))
        location = made.headers["location"]
    assert made.status_code == 201

    running = second.processes()
    assert len(running) > 5
    assert await second.stop() == 0
    _, alive = psutil.wait_procs(running, timeout=5)
    assert alive == []
    assert not (second.data / "box.json").exists()

    await second.start()
    async with httpx.AsyncClient(headers=headers) as client:
        assert (await client.get(second.url + location)).status_code == 200
        strange = await client.get(box.url + location)
        assert strange.status_code == 401  # another box, other keys
    assert await second.stop() == 0
    assert box.alive


def _clerk(box: Box) -> dict[str, str]:
    scope = "registry:read registry:write migrant:read migrant:write"
    token = make_token(box.keys, sub="c", region="420325", scope=scope, org="desk", name="")
    return {"Authorization": f"Bearer {token}", "Purpose": "registration"}


async def test_a_port_in_use_is_one_clear_sentence(box: Box, tmp_path: Path) -> None:
    said = await run_refused(tmp_path / "data", box.port)
    assert f"Port {box.port} cannot be used" in said
    assert not (tmp_path / "data").exists()


async def test_a_folder_that_another_box_runs_on_is_refused(box: Box) -> None:
    done = await yipan("run", "--no-sample", "--data", box.data, "--port", str(free_ports(1)[0]))
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert box.alive
    async with httpx.AsyncClient() as client:
        assert (await client.get(f"{box.url}/registry/readyz")).status_code == 200


async def test_damaged_keys_are_never_replaced(tmp_path: Path) -> None:
    """New keys would make what the old ones sealed unreadable for ever."""
    (tmp_path / "keys.json").write_text('{"passwords": ')
    said = await run_refused(tmp_path, free_ports(1)[0])
    assert "keys.json is damaged" in said
    assert (tmp_path / "keys.json").read_text() == '{"passwords": '


async def test_keys_that_miss_a_part_are_damaged_too(tmp_path: Path) -> None:
    (tmp_path / "keys.json").write_text(json.dumps({"passwords": {}}))
    assert "keys.json is damaged" in await run_refused(tmp_path, free_ports(1)[0])


async def test_a_folder_that_cannot_be_made_is_one_clear_sentence() -> None:
    said = await run_refused(Path("/proc/yipan"), free_ports(1)[0])
    assert "The data folder /proc/yipan cannot be used" in said


@pytest.fixture
async def tiny_disk(tmp_path: Path) -> AsyncIterator[Path]:
    """A file system of eight megabytes: room for the keys, not for a database."""
    if os.geteuid() != 0:
        pytest.skip("only root may mount a small file system")
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(folder)]
    if (await asyncio.to_thread(subprocess.run, mount)).returncode:
        pytest.skip("this machine does not let us mount a small file system")
    yield folder
    await asyncio.to_thread(subprocess.run, ["umount", "--lazy", str(folder)], check=True)


async def test_a_full_disk_is_one_clear_sentence(tiny_disk: Path) -> None:
    said = await run_refused(tiny_disk / "data", free_ports(1)[0])
    assert re.search(r"The disk that holds \S+ is full|No space left", said)
