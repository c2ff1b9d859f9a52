"""Writing, approving and withdrawing templates, and loading those the service comes with."""

from collections.abc import Mapping
from uuid import UUID

from services.notify.errors import (
    AlreadyApproved,
    SecondPersonRequired,
    TemplateNotFound,
    TemplateWithdrawn,
)
from services.notify.templates.languages import Language, languages
from services.notify.templates.models import Template
from services.notify.templates.queries import get_template, view_of
from services.notify.templates.schemas import (
    TemplateDetail,
    TemplateView,
    WithdrawTemplate,
    WordFor,
    WriteTemplate,
)
from shared.db import Tx
from shared.ids import new_id

SYSTEM = "system"

_LATEST = "SELECT max(version) FROM templates WHERE code = $1 AND language = $2"
_DEFAULT = """
INSERT INTO templates
  (id, code, language, version, text, variables, choices, purpose, signature, kind, created_at,
   created_by, approved_at, approved_by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $11, $12)
ON CONFLICT (code, language, version) DO NOTHING
"""
# `tx.save` counts a column of this name up; here it is the number of a wording.
_APPROVE = "UPDATE templates SET approved_at = $2, approved_by = $3 WHERE id = $1"
_WITHDRAW = """
UPDATE templates SET withdrawn_at = $2, withdrawn_by = $3, withdrawal_reason = $4 WHERE id = $1
"""
_WORDING = """
INSERT INTO provider_wordings (template_id, provider, code, signature, recorded_at, recorded_by)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (template_id, provider) DO UPDATE SET code = excluded.code,
  signature = excluded.signature, recorded_at = excluded.recorded_at,
  recorded_by = excluded.recorded_by
"""


async def write_template(command: WriteTemplate, tx: Tx) -> TemplateView:
    """Add the next version of a template; it waits for approval. Two at the same moment: one
    gets Conflict from the unique index."""
    latest = await tx.fetch_value(_LATEST, command.code, command.language)
    template = Template(
        id=new_id(),
        version=(latest or 0) + 1,
        created_at=tx.now,
        created_by=tx.actor.sub,
        **command.model_dump(),
    )
    await tx.add(template)
    return view_of(template)


async def approve_template(template_id: UUID, tx: Tx) -> TemplateView:
    """Let a version be sent (审核). Raises SecondPersonRequired for its own author,
    TemplateWithdrawn."""
    template = await _require(template_id, tx)
    if template.withdrawn_at is not None:
        raise TemplateWithdrawn()
    if template.approved_at is not None:
        raise AlreadyApproved()
    if template.created_by == tx.actor.sub:
        raise SecondPersonRequired()
    template.approved_at = tx.now
    template.approved_by = tx.actor.sub
    await tx.execute(_APPROVE, template_id, tx.now, tx.actor.sub)
    return view_of(template)


async def withdraw_template(template_id: UUID, command: WithdrawTemplate, tx: Tx) -> TemplateView:
    """Use a version no more (停用), at once and for good: the one before it that stands is used
    again, and texts of this one that have not gone are not sent. Raises TemplateWithdrawn."""
    template = await _require(template_id, tx)
    if template.withdrawn_at is not None:
        raise TemplateWithdrawn()
    template.withdrawn_at = tx.now
    template.withdrawn_by = tx.actor.sub
    template.withdrawal_reason = command.reason
    await tx.execute(_WITHDRAW, template_id, tx.now, tx.actor.sub, command.reason)
    return view_of(template)


async def set_wording(template_id: UUID, provider: str, command: WordFor, tx: Tx) -> TemplateDetail:
    """Record what a provider calls a version and signs it with (报备). Raises TemplateNotFound."""
    await _require(template_id, tx)
    await tx.execute(
        _WORDING,
        template_id,
        provider,
        command.code,
        command.signature,
        tx.now,
        tx.actor.sub,
    )
    return await get_template(template_id, tx)


def default_templates(
    known: Mapping[str, Language] | None = None,
) -> list[tuple[int, WriteTemplate]]:
    """Those of the language files with their versions, checked like any other."""
    return [
        (
            int(str(each["version"])),
            WriteTemplate.model_validate(
                {name: value for name, value in each.items() if name != "version"}
                | {"language": tag}
            ),
        )
        for tag, language in (languages() if known is None else known).items()
        for each in language.templates
    ]


async def load_defaults(tx: Tx, known: Mapping[str, Language] | None = None) -> None:
    """Add the default templates that are not there yet, approved by the system."""
    for version, template in default_templates(known):
        await tx.execute(
            _DEFAULT,
            new_id(),
            template.code,
            template.language,
            version,
            template.text,
            template.variables,
            template.choices,
            template.purpose,
            template.signature,
            template.kind,
            tx.now,
            SYSTEM,
        )


async def _require(template_id: UUID, tx: Tx) -> Template:
    template = await tx.get(Template, template_id, lock=True)
    if template is None:
        raise TemplateNotFound()
    return template
