"""Software from Maven Central: versions are pinned in a pom.xml beside the program, which is run
from its source."""

from hashlib import sha256
from pathlib import Path

from tests.foreign import fetched, ran, required


def java(folder: Path, name: str) -> list[str]:
    """The command that runs the program `name` of a folder; see tests/foreign.py where it cannot be
    had."""
    archives = required(name, lambda: _archives(folder / "pom.xml"))
    return ["java", "-cp", f"{archives}/*", str(folder / name)]


def _archives(pom: Path) -> Path:
    version = sha256(pom.read_bytes()).hexdigest()[:16]

    def copy(empty: Path) -> Path:
        made = empty / "made"
        goal = ("dependency:copy-dependencies", f"-DoutputDirectory={made}")
        ran("mvn", "-q", "-B", "-f", pom, *goal)
        return made

    return fetched(f"maven-{version}", copy, "javac", "mvn")
