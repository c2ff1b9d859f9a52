"""Writing and approving templates, and loading those the service comes with."""

import json
from importlib import resources
from uuid import UUID

from services.notify.errors import AlreadyApproved, SecondPersonRequired, TemplateNotFound
from services.notify.templates.models import Template
from services.notify.templates.queries import view_of
from services.notify.templates.schemas import TemplateView, WriteTemplate
from shared.db import Tx
from shared.ids import new_id

SYSTEM = "system"

_DEFAULT = """
INSERT INTO templates
  (id, code, language, version, text, variables, purpose, signature, kind, created_at,
   created_by, approved_at, approved_by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $10, $11)
ON CONFLICT (code, language, version) DO NOTHING
"""


async def write_template(command: WriteTemplate, tx: Tx) -> TemplateView:
    """Add the next version of a template; it waits for approval. Two at the same moment: one
    gets Conflict from the unique index."""
    latest = await tx.fetch_value(
        "SELECT max(version) FROM templates WHERE code = $1 AND language = $2",
        command.code,
        command.language,
    )
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
    """Let a version be sent (审核). Raises SecondPersonRequired for its own author."""
    template = await tx.get(Template, template_id, lock=True)
    if template is None:
        raise TemplateNotFound()
    if template.approved_at is not None:
        raise AlreadyApproved()
    if template.created_by == tx.actor.sub:
        raise SecondPersonRequired()
    template.approved_at = tx.now
    template.approved_by = tx.actor.sub
    await tx.save(template)
    return view_of(template)


def default_templates() -> list[tuple[int, WriteTemplate]]:
    """Those of defaults.json with their versions, checked like any other."""
    text = resources.files(__package__).joinpath("defaults.json").read_text("utf-8")
    return [(each.pop("version"), WriteTemplate(**each)) for each in json.loads(text)]


async def load_defaults(tx: Tx) -> None:
    """Add the default templates that are not there yet, approved by the system."""
    for version, template in default_templates():
        await tx.execute(
            _DEFAULT,
            new_id(),
            template.code,
            template.language,
            version,
            template.text,
            template.variables,
            template.purpose,
            template.signature,
            template.kind,
            tx.now,
            SYSTEM,
        )
