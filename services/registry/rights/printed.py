"""The copy of her record on paper (个人信息副本): every field of the export, named in Chinese."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from services.registry.rights.schemas import RecordExport

TEMPLATE: Final = Path(__file__).with_name("record.typ")
WORDS: Final[Mapping[str, str]] = json.loads(
    Path(__file__).with_name("words.json").read_text("utf-8")
)

Entry = list[tuple[str, str, str]]  # Chinese name, name in the export, value


def pages_of(export: RecordExport) -> dict[str, object]:
    """What the template prints: the plain fields first, then a section of entries for each list.
    An empty section is printed too: that nothing is held is part of the answer."""
    content = export.model_dump(mode="json")
    plain = {name: value for name, value in content.items() if not isinstance(value, list | dict)}
    sections = [
        {"zh": WORDS[name], "en": _said(name), "entries": _entries(value)}
        for name, value in content.items()
        if name not in plain
    ]
    return {"summary": _entry(plain), "sections": sections}


def _entries(value: object) -> list[Entry]:
    items = value if isinstance(value, list) else [value]
    return [
        _entry(item) if isinstance(item, dict) else [("", "", str(item))]
        for item in items
        if item is not None
    ]


def _entry(item: Mapping[str, object]) -> Entry:
    return [
        (WORDS.get(name, ""), _said(name), _text(value))
        for name, value in item.items()
        if value not in (None, [], {})
    ]


def _text(value: object) -> str:
    """A value as a person reads it; what lies deeper stands in one line."""
    if isinstance(value, bool):
        return "是 yes" if value else "否 no"
    if isinstance(value, Mapping):
        said = ((WORDS.get(name, name), _text(each)) for name, each in value.items() if each)
        return "; ".join(f"{name}: {text}" for name, text in said)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(_text(each) for each in value)
    return str(value)


def _said(name: str) -> str:
    return name.replace("_", " ")
