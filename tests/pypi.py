"""Software from PyPI that is too heavy for everybody's environment: pinned in a lock file of its
own, and used through PYTHONPATH."""

import sys
from hashlib import sha256
from pathlib import Path

from tests.foreign import fetched, ran, required

_SECONDS = 840  # 455 MB, which pip packs anew and installs, took 37 s on a good line


def packages(lock: Path, *programs: str) -> Path:
    """The folder with the packages of a lock file, which run `programs`; see tests/foreign.py where
    they cannot be had."""
    return required(lock.stem, lambda: _installed(lock, *programs))


def _installed(lock: Path, *programs: str) -> Path:
    version = sha256(lock.read_bytes()).hexdigest()[:16]

    def install(empty: Path) -> Path:
        made = empty / "made"
        pip = (sys.executable, "-m", "pip", "install", "--quiet", "--no-cache-dir")
        as_locked = ("--no-deps", "--require-hashes", "--no-build-isolation", "-r", lock)
        ran(*pip, "--target", made, *as_locked, seconds=_SECONDS)
        return made

    return fetched(f"pypi-{version}", install, *programs)
