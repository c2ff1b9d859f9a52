"""What a text would be and cost, before anything is sent (预览).

Signature and opt-out sentence differ by provider, so length, parts and cost do too. Nobody is
named here: the variables are the caller's, and nothing is kept.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, Field, model_validator

from services.notify.errors import NoApprovedTemplate, TemplateNotFound
from services.notify.messages.segments import Encoding, limit_of, split, units_of
from services.notify.settings import Sending
from services.notify.templates.languages import DEFAULT_LANGUAGE
from services.notify.templates.models import Template
from services.notify.templates.queries import find_approved, signatures_of
from services.notify.templates.rules import fill
from services.notify.templates.schemas import LanguageTag, TemplateCode, VariableName
from services.notify.templates.wordings import wording_for
from shared.commands import Command
from shared.db import Tx

VariableValue = Annotated[str, Field(max_length=200)] | int


class PreviewText(Command):
    """A version by its id, also one that waits for approval; or the one that would be used now
    for a code and a language."""

    template_id: UUID | None = None
    template: TemplateCode | None = None
    language: LanguageTag = DEFAULT_LANGUAGE
    variables: dict[VariableName, VariableValue] = Field(default_factory=dict, max_length=20)

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.template_id is None) == (self.template is None):
            raise ValueError(
                "请提供 template_id 或 template 之一 / give either template_id or template"
            )
        return self


class PartPreview(BaseModel):
    """One short message; `units` are septets (gsm7) or UTF-16 units (ucs2)."""

    text: str
    units: int


class ProviderPreview(BaseModel):
    """A text as one provider would send it; `provider` null: as the template says, where no
    provider is set up. `units_left` is the room in the last part, `cost_fen` null where the price
    is not known, `too_long` where it has more parts than the county sends."""

    provider: str | None
    text: str
    encoding: Encoding
    units: int
    parts: list[PartPreview]
    units_left: int
    cost_fen: Decimal | None
    too_long: bool


class Preview(BaseModel):
    """The version, and what each provider would make of it."""

    template_id: UUID
    version: int
    language: str
    providers: list[ProviderPreview]


async def preview_text(
    command: PreviewText, providers: Iterable[str], tx: Tx, sending: Sending
) -> Preview:
    """Raises TemplateNotFound, NoApprovedTemplate, WrongVariables."""
    template = await _template(command, tx)
    text = fill(
        template.text, template.variables, command.variables, template.language, template.choices
    )
    signatures = (await signatures_of([template.id], tx)).get(template.id, {})
    return Preview(
        template_id=template.id,
        version=template.version,
        language=template.language,
        providers=previews(template, text, list(providers), signatures, sending),
    )


def previews(
    template: Template,
    text: str,
    providers: list[str],
    signatures: Mapping[str, str],
    sending: Sending,
) -> list[ProviderPreview]:
    """A filled text as each provider would send it; at least one."""
    names: list[str | None] = [*providers] or [None]
    return [
        preview_of(
            wording_for(template, name or "", signatures, sending).dress(text), name, sending
        )
        for name in names
    ]


def preview_of(body: str, provider: str | None, sending: Sending) -> ProviderPreview:
    """Parts and cost of a text as it is sent."""
    segments = split(body)
    encoding, count = segments.encoding, len(segments.parts)
    parts = [PartPreview(text=each, units=units_of(each, encoding)) for each in segments.parts]
    terms = sending.terms.get(provider or "")
    price = terms.fen_per_part if terms else None
    return ProviderPreview(
        provider=provider,
        text=body,
        encoding=encoding,
        units=segments.units,
        parts=parts,
        units_left=limit_of(encoding, count) - parts[-1].units,
        cost_fen=None if price is None else price * count,
        too_long=count > sending.max_parts,
    )


async def _template(command: PreviewText, tx: Tx) -> Template:
    if command.template_id is not None:
        template = await tx.get(Template, command.template_id)
        if template is None:
            raise TemplateNotFound()
        return template
    code = command.template or ""
    chosen = (await find_approved([code], tx)).choose(code, command.language)
    if chosen is None:
        raise NoApprovedTemplate()
    return chosen
