"""What a PostgreSQL cluster's folder tells from outside: its version, its servers, their words."""

import os
import pwd
import signal
import time
from contextlib import suppress
from pathlib import Path

from deploy.box.binaries import Binaries
from deploy.box.child import Account
from deploy.box.errors import BoxError
from deploy.box.folder import NO_SPACE, in_use

FORMER_SECONDS = 3.0  # for a server whose owner was killed to notice it
STOPPING_SECONDS = 20.0  # for such a server to write its last checkpoint


def account_for(cluster: Path) -> Account | None:
    """Whom to run as: nobody else, or as root the cluster's owner, else `postgres`, else `nobody`.

    Raises BoxError when that would leave only root.
    """
    if os.geteuid() != 0:
        return None
    if cluster.exists():
        seen = cluster.stat()
        if seen.st_uid == 0:
            raise BoxError(
                f"{cluster} belongs to root, as whom PostgreSQL may not run; give it back with "
                "chown -R to the user who had it (postgres or nobody).",
                f"{cluster} 属于 root，而 PostgreSQL 不能以 root 身份运行；请用 chown -R "
                "归还原用户（postgres 或 nobody）。",
            )
        return Account(seen.st_uid, seen.st_gid)
    for name in ("postgres", "nobody"):
        with suppress(KeyError):
            entry = pwd.getpwnam(name)
            return Account(entry.pw_uid, entry.pw_gid)
    raise BoxError(
        "PostgreSQL may not run as root, and there is neither a user postgres nor nobody.",
        "PostgreSQL 不能以 root 身份运行，而系统中没有 postgres 或 nobody 用户。",
    )


def check_version(cluster: Path, binaries: Binaries) -> None:
    """Raise BoxError unless the cluster was made by this major version."""
    found = (cluster / "PG_VERSION").read_text().strip()
    if found != str(binaries.major):
        raise BoxError(
            f"{cluster} was made by PostgreSQL {found} and cannot be opened by {binaries.major}.",
            f"{cluster} 由 PostgreSQL {found} 创建，不能用版本 {binaries.major} 打开。",
        )


def status(cluster: Path, pid: int | None = None) -> str:
    """The eighth line of postmaster.pid (`starting`, `ready`, `stopping`), or nothing.

    With a pid, nothing unless the file is that process's own.
    """
    try:
        lines = (cluster / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return ""
    if len(lines) < 8 or (pid is not None and lines[0] != str(pid)):
        return ""
    return lines[7].strip()


def _servers(cluster: Path) -> list[int]:
    """Processes named postgres at work in the cluster: every one of a server's is."""
    place = cluster.stat()
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has ended, or is another user's
            named = (process / "comm").read_text().strip() == "postgres"
            if named and os.path.samestat((process / "cwd").stat(), place):
                found.append(int(process.name))
    return found


def wait_for_former(cluster: Path) -> None:
    """Wait for a server whose owner was killed: it is stopping, or about to.

    One that takes too long to stop is told to at once: PostgreSQL 18 was seen to wait for ever
    when the request came while it recovered from a crash. That is safe; the next start recovers.
    Raises BoxError when it stays.
    """
    began = time.monotonic()
    hurried = False
    while servers := _servers(cluster):
        stopping = status(cluster) == "stopping"
        if time.monotonic() - began > (STOPPING_SECONDS if stopping else FORMER_SECONDS):
            if hurried or not stopping:
                raise in_use(cluster)
            hurried, began = True, time.monotonic()
            for server in servers:
                with suppress(ProcessLookupError):
                    os.kill(server, signal.SIGQUIT)
        time.sleep(0.05)


def last_words(data: Path) -> str:
    """Why the server of a data folder ended, from its output and its newest log."""
    said = (data / "output").read_text(errors="replace")
    logs = sorted((data / "cluster/log").glob("*.log"), key=lambda log: log.stat().st_mtime)
    return reason(said + "".join(log.read_text(errors="replace")[-4000:] for log in logs[-1:]))


def reason(said: str) -> str:
    """The line that tells most of what PostgreSQL said before it gave up."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    bad = [line for line in lines if any(word in line for word in ("FATAL", "PANIC", "error:"))]
    return next((line for line in bad if NO_SPACE in line), (bad or lines or [""])[-1])
