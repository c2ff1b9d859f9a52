"""What a PostgreSQL cluster's folder tells from outside: its version, its servers, their words."""

import os
import time
from contextlib import suppress
from pathlib import Path

from deploy.box.binaries import Binaries
from deploy.box.errors import BoxError
from deploy.box.postgres_errors import in_use

FORMER_SECONDS = 3.0  # for a server whose owner was killed to notice it
STOPPING_SECONDS = 60.0  # for such a server to write its last checkpoint


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

    Raises BoxError when it stays.
    """
    began = time.monotonic()
    while _servers(cluster):
        patience = STOPPING_SECONDS if status(cluster) == "stopping" else FORMER_SECONDS
        if time.monotonic() - began > patience:
            raise in_use(cluster)
        time.sleep(0.05)


def last_words(data: Path) -> str:
    """What the server of a data folder said before it ended: its output and its newest log."""
    said = (data / "output").read_text(errors="replace")
    logs = sorted((data / "cluster/log").glob("*.log"), key=lambda log: log.stat().st_mtime)
    return said + "".join(log.read_text(errors="replace")[-4000:] for log in logs[-1:])
