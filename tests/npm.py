"""Software from npm: its packages are pinned in a package-lock.json beside the program."""

import shutil
from hashlib import sha256
from pathlib import Path

from tests.foreign import fetched, ran, required


def program(folder: Path, name: str) -> Path:
    """The program `name` of a folder, with its packages beside it; see tests/foreign.py where it
    cannot be had."""
    return required(name, lambda: _installed(folder, name)) / name


def _installed(folder: Path, name: str) -> Path:
    files = [folder / each for each in ("package.json", "package-lock.json", name)]
    version = sha256(b"".join(each.read_bytes() for each in files)).hexdigest()[:16]

    def install(empty: Path) -> Path:
        made = empty / "made"
        made.mkdir()
        for each in files:
            shutil.copy(each, made)
        ran("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", cwd=made)
        return made

    return fetched(f"npm-{version}", install, "node", "npm")
