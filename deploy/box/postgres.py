"""A small supervisor of one PostgreSQL server: our own child, on a private socket, never as root.

A data folder holds:

    lock         held while some Yipan process runs this folder
    password     of the superuser, mode 0600
    socket       where the running server's socket folder is
    output       what the server said before its own log began
    cluster/     PostgreSQL's files, owned by the user the server runs as; its logs in cluster/log

The folder may lie where that user cannot go (under /root, say). The server therefore inherits the
opened cluster and is told that its data is in /proc/self/fd/…: the kernel follows that link without
asking for permission to the folders above (proc_pid_fd(5)).
"""

import os
import re
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote, urlencode

import asyncpg
from asyncpg import Connection, Record

from deploy.box.binaries import Binaries, find_binaries
from deploy.box.child import Account, Child, command
from deploy.box.cluster import (
    account_for,
    check_version,
    last_words,
    reason,
    status,
    wait_for_former,
)
from deploy.box.errors import BoxError
from deploy.box.folder import claim, not_started, unusable
from deploy.box.postgres_settings import FORGETFUL, SETTINGS

SUPERUSER = "postgres"
PORT = 5432  # names the socket file; nothing listens on TCP
# Short, since a socket's path may have 107 bytes (unix(7)); the folder made there is ours alone.
SOCKETS = Path("/tmp")  # noqa: S108
SOCKET_FOLDER = re.compile(rf"{SOCKETS}/yipan-[a-z0-9_]{{8}}")

READY_SECONDS = 300.0  # recovery after a crash replays the log, and may take minutes
FAST_SECONDS = 30.0
IMMEDIATE_SECONDS = 5.0


class Postgres:
    """One server over one data folder; a context manager. The calls that block say for how long."""

    def __init__(
        self, data: Path, *, durable: bool = True, settings: Mapping[str, str] = {}
    ) -> None:
        """Nothing happens yet. `durable=False` (tests) lets a power cut lose everything.

        `settings` are server parameters over ours; as they show in `ps`, no secrets.
        """
        self.data = data.absolute()
        self.cluster = self.data / "cluster"
        chosen = {**SETTINGS, **({} if durable else FORGETFUL), **settings}
        self._options = [word for pair in chosen.items() for word in ("-c", "=".join(pair))]
        self._durable = durable
        self._lock: int | None = None
        self._sockets: Path | None = None
        self._password = ""
        self._child: Child | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def alive(self) -> bool:
        """Whether the server runs."""
        return self._child is not None and self._child.alive

    @property
    def pid(self) -> int | None:
        """Process id of the running server."""
        return self._child.pid if self._child is not None and self._child.alive else None

    def start(self) -> None:
        """Run the server and return once it takes connections; make the cluster the first time.

        Does nothing when it already runs. Blocks for about a second, or for as long as recovery
        after a crash takes. Raises BoxError, leaving nothing running.
        """
        if self.alive:
            return
        self._release()
        try:
            binaries = find_binaries()
            self._lock = claim(self.data)
            self._open(binaries)
            self._run(binaries)
        except OSError as error:
            self.stop()
            raise unusable(error, self.data) from error
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop the server, roughly if it takes more than half a minute. Never raises."""
        child = self._child
        if child is not None:
            for number, seconds in (
                (signal.SIGINT, FAST_SECONDS),  # fast shutdown: roll back, checkpoint, leave
                (signal.SIGQUIT, IMMEDIATE_SECONDS),  # immediate: recover at the next start
                (signal.SIGKILL, IMMEDIATE_SECONDS),
            ):
                child.signal(number)
                if child.wait(seconds):
                    break
        self._release()

    def dsn(self, database: str, user: str = SUPERUSER, password: str | None = None) -> str:
        """An address for asyncpg, and for SQLAlchemy with `postgresql+asyncpg` as its scheme.

        The superuser's password is known; any other user's must be given (ValueError).
        """
        if self._sockets is None:
            raise BoxError(
                f"The PostgreSQL of {self.data} is not running.",
                f"{self.data} 的 PostgreSQL 没有运行。",
            )
        if user == SUPERUSER:
            password = password or self._password
        if password is None:
            raise ValueError(f"no password for {user}")
        who = f"{quote(user, safe='')}:{quote(password, safe='')}"
        # The port too, or PGPORT in our environment would decide.
        where = urlencode({"host": self._sockets, "port": PORT}, safe="/")
        return f"postgresql://{who}@/{quote(database, safe='')}?{where}"

    async def create_role(self, name: str, password: str) -> None:
        """Make a role that may log in and nothing else, or set its password when it is there."""
        async with self._superuser() as connection:
            known = await connection.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", name)
            verb = "ALTER" if known else "CREATE"
            await _execute(connection, f"{verb} ROLE %I LOGIN PASSWORD %L", name, password)

    async def create_database(self, name: str, owner: str, *, template: str = "template1") -> None:
        """Make a database, or see that it has this owner.

        Only its owner may connect: others need GRANT CONNECT. `template` is a database to copy,
        to which nobody may be connected meanwhile.
        """
        find = "SELECT 1 FROM pg_database WHERE datname = $1"
        create = "CREATE DATABASE %I OWNER %I TEMPLATE %I"
        async with self._superuser() as connection:
            if await connection.fetchval(find, name):
                await _execute(connection, "ALTER DATABASE %I OWNER TO %I", name, owner)
            else:
                await _execute(connection, create, name, owner, template)
            await _execute(connection, "REVOKE ALL ON DATABASE %I FROM PUBLIC", name)

    async def drop_database(self, name: str) -> None:
        """Remove a database, if it is there, and whoever is connected to it."""
        async with self._superuser() as connection:
            await _execute(connection, "DROP DATABASE IF EXISTS %I WITH (FORCE)", name)

    @asynccontextmanager
    async def _superuser(self) -> "AsyncIterator[Connection[Record]]":
        connection = await asyncpg.connect(self.dsn("postgres"))
        try:
            yield connection
        finally:
            await connection.close()

    def _open(self, binaries: Binaries) -> None:
        """Leave a cluster of our version, a socket folder and the password, all ours alone."""
        account = account_for(self.cluster)
        if self.cluster.exists():
            check_version(self.cluster, binaries)
            wait_for_former(self.cluster)
            # It may name a process id that now belongs to somebody else, and PostgreSQL would
            # then refuse to start; that no server is left was just seen.
            (self.cluster / "postmaster.pid").unlink(missing_ok=True)
        self._clear_sockets()
        self._make_sockets(account)
        self._password = self._read_password()
        if not self.cluster.exists():
            self._initialise(binaries, account)

    def _read_password(self) -> str:
        file = self.data / "password"
        if not file.exists():
            if self.cluster.exists():
                raise BoxError(
                    f"{file} is missing, so nobody can log in to the database beside it; "
                    "restore that file.",
                    f"缺少 {file}，无法登录同目录的数据库，请恢复该文件。",
                )
            fresh = file.with_suffix(".new")
            fresh.unlink(missing_ok=True)
            _write_secret(fresh, secrets.token_urlsafe(24))
            fresh.rename(file)
        return file.read_text()

    def _make_sockets(self, account: Account | None) -> None:
        self._sockets = Path(tempfile.mkdtemp(prefix="yipan-", dir=SOCKETS))
        (self.data / "socket").write_text(str(self._sockets))
        if account is not None:
            os.chown(self._sockets, *account)

    def _clear_sockets(self) -> None:
        """Remove the socket folder that the record names, if there is a record."""
        record = self.data / "socket"
        if record.exists():
            named = record.read_text()
            if SOCKET_FOLDER.fullmatch(named):  # after a disk-full crash it may be anything
                shutil.rmtree(named, ignore_errors=True)
            record.unlink()

    def _initialise(self, binaries: Binaries, account: Account | None) -> None:
        """Run initdb beside the cluster's place and move the result there when it is whole."""
        assert self._sockets is not None
        fresh = self.data / "cluster.new"
        if fresh.exists():  # an earlier start was interrupted here
            wait_for_former(fresh)
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        secret = self._sockets / "password"
        _write_secret(secret, self._password)
        if account is not None:
            os.chown(fresh, *account)
            os.chown(secret, *account)
        program: list[str | Path] = [binaries.folder / "initdb"]
        program += ["--username", SUPERUSER, "--pwfile", secret, "--auth", "scram-sha-256"]
        program += ["--encoding", "UTF8", "--locale", "C.UTF-8", "--data-checksums"]
        if binaries.major >= 17:  # order by code point, whatever C library comes later
            program += ["--locale-provider", "builtin", "--builtin-locale", "C.UTF-8"]
        program += [] if self._durable else ["--no-sync"]
        with _opened(fresh) as handle:
            done = subprocess.run(
                command([*program, "--pgdata", _link(handle)], account, signal.SIGKILL),
                cwd="/",
                env=_environment(),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                start_new_session=True,
                pass_fds=[handle],
            )
        secret.unlink()
        if done.returncode != 0:
            shutil.rmtree(fresh, ignore_errors=True)
            raise not_started("PostgreSQL", self.data, reason(done.stderr))
        fresh.rename(self.cluster)
        with _opened(self.data) as handle:
            os.fsync(handle)  # or a power cut could bring the old name back

    def _run(self, binaries: Binaries) -> None:
        server = [str(binaries.folder / "postgres"), "-k", str(self._sockets), *self._options]
        with (self.data / "output").open("wb") as output, _opened(self.cluster) as handle:
            self._child = Child(
                [*server, "-D", _link(handle)],
                cwd=Path("/"),
                env=_environment(),
                output=output,
                account=account_for(self.cluster),
                death_signal=signal.SIGINT,  # a fast shutdown
                handles=[handle],
            )
        deadline = time.monotonic() + READY_SECONDS
        while status(self.cluster, self._child.pid) != "ready":
            ended = self._child.wait(0.01)
            if ended or time.monotonic() > deadline:
                raise not_started("PostgreSQL", self.data, last_words(self.data))

    def _release(self) -> None:
        """Forget the server, which has ended, and give the folder back."""
        self._child = None
        if self._sockets is not None:
            with suppress(OSError):
                self._clear_sockets()
            shutil.rmtree(self._sockets, ignore_errors=True)
            self._sockets = None
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def _environment() -> dict[str, str]:
    """What a program needs to run, and none of our secrets."""
    kept = ("PATH", "LD_LIBRARY_PATH", "HOME")
    return {name: os.environ[name] for name in kept if name in os.environ} | {"LC_ALL": "C.UTF-8"}


def _write_secret(file: Path, text: str) -> None:
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(handle)


@contextmanager
def _opened(folder: Path) -> Iterator[int]:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield handle
    finally:
        os.close(handle)


def _link(handle: int) -> str:
    return f"/proc/self/fd/{handle}"


async def _execute(connection: "Connection[Record]", form: str, *words: str) -> None:
    """Run a statement after PostgreSQL itself has quoted the words into it, as %I or %L."""
    statement = await connection.fetchval("SELECT format($1, VARIADIC $2::text[])", form, words)
    await connection.execute(statement)
