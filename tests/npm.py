"""Software from npm that nobody here wrote, for the tests that need a real counterpart.

Packages are pinned in a package-lock.json beside the program and installed once into the user's
cache. Where node or npm is absent the tests say so and are skipped, unless YIPAN_REQUIRE_FOREIGN=1.
"""

import os
import shutil
import subprocess
import tempfile
from hashlib import sha256
from pathlib import Path

import pytest


def program(folder: Path, name: str) -> Path:
    """The program `name` of a folder, with its packages beside it. Skips the test, or fails it
    where foreign software is required, when that cannot be had."""
    try:
        return _installed(folder, name) / name
    except (OSError, subprocess.SubprocessError) as error:
        reason = f"{name} cannot be run here: {type(error).__name__}: {error}"
        if os.environ.get("YIPAN_REQUIRE_FOREIGN") == "1":
            pytest.fail(reason)
        pytest.skip(reason)


def _installed(folder: Path, name: str) -> Path:
    """Raises OSError or SubprocessError."""
    for needed in ("node", "npm"):
        if shutil.which(needed) is None:
            raise FileNotFoundError(needed)
    files = [folder / each for each in ("package.json", "package-lock.json", name)]
    version = sha256(b"".join(each.read_bytes() for each in files)).hexdigest()[:16]
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "yipan"
    target = cache / f"npm-{version}"
    if target.exists():
        return target
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache) as temporary:
        made = Path(temporary) / "made"
        made.mkdir()
        for each in files:
            shutil.copy(each, made)
        command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        subprocess.run(command, cwd=made, check=True, capture_output=True, timeout=240)
        try:
            made.rename(target)
        except OSError:
            if not target.exists():  # somebody else was faster
                raise
    return target
