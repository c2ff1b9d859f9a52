"""Software from Debian packages: unpacked, not installed, so that no rights are needed. Where apt
knows no such package, `apt-get update` helps."""

import os
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from tests.foreign import fetched, ran, required


@dataclass(frozen=True, slots=True)
class Unpacked:
    """Packages unpacked at `root`, with what their programs need around them."""

    root: Path

    @property
    def environment(self) -> dict[str, str]:
        folders = [each.parent for each in self.root.glob("**/*.so.*")]
        return os.environ | {"LD_LIBRARY_PATH": ":".join(sorted({str(each) for each in folders}))}


def unpacked(*packages: str) -> Unpacked:
    """Some packages, unpacked; see tests/foreign.py where they cannot be had."""
    return Unpacked(required(packages[0], lambda: _unpacked(packages)))


def _unpacked(packages: tuple[str, ...]) -> Path:
    name = sha256(" ".join(packages).encode()).hexdigest()[:16]

    def unpack(empty: Path) -> Path:
        ran("apt-get", "download", "-q", *packages, cwd=empty)
        made = empty / "made"
        for each in empty.glob("*.deb"):
            ran("dpkg", "-x", each, made)
        return made

    return fetched(f"debian-{name}", unpack, "apt-get", "dpkg")
