"""Software that nobody here wrote, for the tests that need a real counterpart: fetched once into
the user's cache (tests/npm.py, tests/maven.py, tests/pypi.py, tests/debian.py). Where it cannot be
had the tests say so and are skipped, unless YIPAN_REQUIRE_FOREIGN=1.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest

Had = TypeVar("Had")


def required(what: str, get: Callable[[], Had]) -> Had:
    """What `get` returns. Skips the test, or fails it where foreign software is required, when it
    raises OSError or SubprocessError."""
    try:
        return get()
    except (OSError, subprocess.SubprocessError) as error:
        reason = f"{what} cannot be run here: {type(error).__name__}: {error}"
        if os.environ.get("YIPAN_REQUIRE_FOREIGN") == "1":
            pytest.fail(reason)
        pytest.skip(reason)


def fetched(name: str, make: Callable[[Path], Path], *programs: str) -> Path:
    """The folder `name` of the cache. Where there is none, `make` fills one in an empty folder it
    is given, with the help of `programs`, and returns it. Raises OSError or SubprocessError."""
    for needed in programs:
        if shutil.which(needed) is None:
            raise FileNotFoundError(needed)
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "yipan"
    target = cache / name
    if target.exists():
        return target
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache) as temporary:
        made = make(Path(temporary))
        try:
            made.rename(target)
        except OSError:
            if not target.exists():  # somebody else was faster
                raise
    return target


def ran(*command: str | Path, cwd: Path | None = None, seconds: float = 240) -> None:
    """Run a command to its end. Raises SubprocessError."""
    subprocess.run(command, cwd=cwd, check=True, capture_output=True, timeout=seconds)
