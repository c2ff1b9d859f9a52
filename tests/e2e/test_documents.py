"""Decision records are short and say what enforces them; the README opens with the commands."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
RECORDS = sorted((ROOT / "docs" / "decisions").glob("*.md"))


@pytest.mark.parametrize("record", RECORDS, ids=lambda path: path.stem)
def test_a_record_is_short_and_enforced(record: Path) -> None:
    text = record.read_text()
    assert re.match(r"\d{4}-[a-z0-9-]+\.md", record.name)
    assert text.startswith(f"# {record.name[:4]} ")
    assert len(text.splitlines()) <= 40
    for part in ("**Context.**", "**Decision.**", "Enforced by:"):
        assert part in text


def test_numbers_are_not_used_twice() -> None:
    numbers = [record.name[:4] for record in RECORDS]
    assert len(numbers) == len(set(numbers))


def test_the_readme_opens_with_the_two_commands() -> None:
    opening = "\n".join((ROOT / "README.md").read_text().splitlines()[:25])
    assert "make run" in opening
    assert "make test" in opening


@pytest.mark.parametrize("target", ["run", "demo", "test", "check", "contracts", "kafka", "bench"])
def test_every_target_has_help(target: str) -> None:
    assert re.search(rf"^{target}:.*## \S", (ROOT / "Makefile").read_text(), re.MULTILINE)


def links() -> list[tuple[Path, str]]:
    pages = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    return [
        (page, target)
        for page in pages
        for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text())
    ]


def test_links_between_documents_lead_somewhere() -> None:
    broken = [f"{page.name}: {link}" for page, link in links() if not (page.parent / link).exists()]
    assert broken == []
