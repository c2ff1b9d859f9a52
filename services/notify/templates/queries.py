"""Reading templates. They hold no personal data."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from services.notify.errors import TemplateNotFound
from services.notify.templates.languages import DEFAULT_LANGUAGE
from services.notify.templates.models import ProviderWording, Template
from services.notify.templates.rules import Kind, compose
from services.notify.templates.schemas import TemplateDetail, TemplateView, WordingView
from services.notify.templates.variables import VariableType
from shared.db import Tx
from shared.pages import Page, decode_cursor, encode_cursor
from shared.problems import MalformedRequest

_PAGE = """
SELECT * FROM templates WHERE (code, language, version) > ($1, $2, $3)
  AND ($5::text IS NULL OR code = $5)
ORDER BY code, language, version LIMIT $4
"""
_APPROVED = """
SELECT DISTINCT ON (code, language) * FROM templates
WHERE code = ANY($1::text[]) AND approved_at IS NOT NULL AND withdrawn_at IS NULL
ORDER BY code, language, version DESC
"""
_WORDINGS = """
SELECT * FROM provider_wordings WHERE template_id = ANY($1::uuid[]) ORDER BY template_id, provider
"""


async def list_templates(
    limit: int, cursor: str | None, code: str | None, tx: Tx
) -> Page[TemplateView]:
    """All versions, by code, language and version; with `code`, the history of one."""
    after = _place(decode_cursor(cursor)) if cursor else ("", "", 0)
    found = await tx.find(Template, _PAGE, *after, limit + 1, code)
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


async def get_template(template_id: UUID, tx: Tx) -> TemplateDetail:
    """One version, with what providers call it. Raises TemplateNotFound."""
    template = await tx.get(Template, template_id)
    if template is None:
        raise TemplateNotFound()
    wordings = await tx.find(ProviderWording, _WORDINGS, [template_id])
    return TemplateDetail(
        **view_of(template).model_dump(),
        providers=[
            WordingView.model_validate(each.model_dump(exclude={"template_id"}))
            for each in wordings
        ],
    )


@dataclass(frozen=True, slots=True)
class Approved:
    """The newest approved versions of some templates by code and language, without those that
    were withdrawn; and the signatures that providers want instead, by version."""

    templates: Mapping[tuple[str, str], Template]
    signatures: Mapping[UUID, Mapping[str, str]] = field(default_factory=dict)

    def choose(self, code: str, language: str) -> Template | None:
        """In the language asked for, otherwise in Chinese."""
        return self.templates.get((code, language)) or self.templates.get((code, DEFAULT_LANGUAGE))


async def find_approved(codes: Iterable[str], tx: Tx) -> Approved:
    found = await tx.find(Template, _APPROVED, sorted(set(codes)))
    return Approved(
        {(each.code, each.language): each for each in found},
        await signatures_of([each.id for each in found], tx),
    )


async def signatures_of(template_ids: list[UUID], tx: Tx) -> dict[UUID, dict[str, str]]:
    """Version → provider → the signature it wants, where that is another than the template's."""
    signatures: dict[UUID, dict[str, str]] = {}
    for each in await tx.find(ProviderWording, _WORDINGS, template_ids):
        if each.signature is not None:
            signatures.setdefault(each.template_id, {})[each.provider] = each.signature
    return signatures


def view_of(template: Template) -> TemplateView:
    return TemplateView(
        **template.model_dump(exclude={"variables", "kind"}),
        variables={name: VariableType(kind) for name, kind in template.variables.items()},
        kind=Kind(template.kind),
        sample=compose(template.signature, template.text, template.kind, template.language),
    )
