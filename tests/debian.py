"""Software from Debian packages that nobody here wrote, for the tests that need a real counterpart.

Packages are fetched and unpacked once into the user's cache; nothing is installed, and no rights
are needed. Where apt is absent or knows no such package (after `apt-get update` it does) the tests
say so and are skipped, unless YIPAN_REQUIRE_FOREIGN=1.
"""

import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import pytest


@dataclass(frozen=True, slots=True)
class Unpacked:
    """Packages unpacked at `root`, with what their programs need around them."""

    root: Path

    @property
    def environment(self) -> dict[str, str]:
        folders = [each.parent for each in self.root.glob("**/*.so.*")]
        return os.environ | {"LD_LIBRARY_PATH": ":".join(sorted({str(each) for each in folders}))}


def unpacked(*packages: str) -> Unpacked:
    """Some packages, unpacked. Skips the test, or fails it where foreign software is required, when
    that cannot be had."""
    try:
        return Unpacked(_unpacked(packages))
    except (OSError, subprocess.SubprocessError) as error:
        reason = f"{packages[0]} cannot be run here: {type(error).__name__}: {error}"
        if os.environ.get("YIPAN_REQUIRE_FOREIGN") == "1":
            pytest.fail(reason)
        pytest.skip(reason)


def _unpacked(packages: tuple[str, ...]) -> Path:
    """Raises OSError or SubprocessError."""
    for needed in ("apt-get", "dpkg"):
        if shutil.which(needed) is None:
            raise FileNotFoundError(needed)
    name = sha256(" ".join(packages).encode()).hexdigest()[:16]
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "yipan"
    target = cache / f"debian-{name}"
    if target.exists():
        return target
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache) as temporary:
        command = ["apt-get", "download", "-q", *packages]
        subprocess.run(command, cwd=temporary, check=True, capture_output=True, timeout=240)
        made = Path(temporary) / "made"
        for each in Path(temporary).glob("*.deb"):
            subprocess.run(["dpkg", "-x", each, made], check=True, capture_output=True, timeout=60)
        try:
            made.rename(target)
        except OSError:
            if not target.exists():  # somebody else was faster
                raise
    return target
