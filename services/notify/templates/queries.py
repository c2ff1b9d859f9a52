"""Reading templates. They hold no personal data."""

from collections.abc import Iterable, Mapping
from typing import Any

from services.notify.templates.models import Template
from services.notify.templates.rules import Kind, VariableType, compose
from services.notify.templates.schemas import TemplateView
from shared.db import Tx
from shared.pages import Page, decode_cursor, encode_cursor
from shared.problems import MalformedRequest

DEFAULT_LANGUAGE = "zh-CN"

_PAGE = """
SELECT * FROM templates WHERE (code, language, version) > ($1, $2, $3)
ORDER BY code, language, version LIMIT $4
"""
_APPROVED = """
SELECT DISTINCT ON (code, language) * FROM templates
WHERE code = ANY($1::text[]) AND approved_at IS NOT NULL
ORDER BY code, language, version DESC
"""


async def list_templates(limit: int, cursor: str | None, tx: Tx) -> Page[TemplateView]:
    """All versions, by code, language and version."""
    after = _place(decode_cursor(cursor)) if cursor else ("", "", 0)
    found = await tx.find(Template, _PAGE, *after, limit + 1)
    shown = found[:limit]
    last = shown[-1] if len(found) > limit else None
    return Page(
        items=[view_of(each) for each in shown],
        next=encode_cursor(last.code, last.language, last.version) if last else None,
    )


def _place(key: list[Any]) -> tuple[str, str, int]:
    match key:
        case [str(code), str(language), int(version)]:
            return code, language, version
    raise MalformedRequest()


class Approved:
    """The newest approved versions of some templates, by language."""

    def __init__(self, found: Mapping[tuple[str, str], Template]) -> None:
        self._found = found

    def choose(self, code: str, language: str) -> Template | None:
        """In the language asked for, otherwise in Chinese."""
        return self._found.get((code, language)) or self._found.get((code, DEFAULT_LANGUAGE))


async def find_approved(codes: Iterable[str], tx: Tx) -> Approved:
    found = await tx.find(Template, _APPROVED, sorted(set(codes)))
    return Approved({(each.code, each.language): each for each in found})


def view_of(template: Template) -> TemplateView:
    return TemplateView(
        **template.model_dump(exclude={"variables", "kind"}),
        variables={name: VariableType(kind) for name, kind in template.variables.items()},
        kind=Kind(template.kind),
        sample=compose(template.signature, template.text, template.kind, template.language),
    )
