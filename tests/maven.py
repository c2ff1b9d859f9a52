"""Software from Maven Central that nobody here wrote, for the tests that need a real counterpart.

Versions are pinned in a pom.xml beside the program, which is run from its source; the archives are
fetched once into the user's cache. Where a JDK or Maven is absent the tests say so and are skipped,
unless YIPAN_REQUIRE_FOREIGN=1.
"""

import os
import shutil
import subprocess
import tempfile
from hashlib import sha256
from pathlib import Path

import pytest


def java(folder: Path, name: str) -> list[str]:
    """The command that runs the program `name` of a folder. Skips the test, or fails it where
    foreign software is required, when that cannot be had."""
    try:
        return ["java", "-cp", f"{_archives(folder)}/*", str(folder / name)]
    except (OSError, subprocess.SubprocessError) as error:
        reason = f"{name} cannot be run here: {type(error).__name__}: {error}"
        if os.environ.get("YIPAN_REQUIRE_FOREIGN") == "1":
            pytest.fail(reason)
        pytest.skip(reason)


def _archives(folder: Path) -> Path:
    """Raises OSError or SubprocessError."""
    for needed in ("javac", "mvn"):
        if shutil.which(needed) is None:
            raise FileNotFoundError(needed)
    pom = folder / "pom.xml"
    version = sha256(pom.read_bytes()).hexdigest()[:16]
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "yipan"
    target = cache / f"maven-{version}"
    if target.exists():
        return target
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache) as temporary:
        made = Path(temporary) / "made"
        command = ["mvn", "-q", "-B", "-f", str(pom), "dependency:copy-dependencies"]
        command.append(f"-DoutputDirectory={made}")
        subprocess.run(command, check=True, capture_output=True, timeout=240)
        try:
            made.rename(target)
        except OSError:
            if not target.exists():  # somebody else was faster
                raise
    return target
