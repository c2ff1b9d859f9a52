"""Templates of questions and answers (模板): the county's own, filled in by the service."""

from collections.abc import Sequence
from uuid import UUID

from services.exchange.errors import NotInThisState
from services.exchange.inquiries.catalogue import Value, kind_of
from services.exchange.inquiries.models import Inquiry, InquiryTemplate
from services.exchange.inquiries.queries import content_of
from services.exchange.inquiries.states import Side
from services.exchange.inquiries.template_rules import Part, check_template, fill, known_of_question
from services.exchange.inquiries.template_schemas import (
    FilledTemplate,
    FillTemplate,
    TemplateInput,
    TemplateView,
)
from services.exchange.participants.node import our_node
from shared.db import Tx
from shared.ids import new_id
from shared.problems import NotFound, StaleVersion

_LIST = """
SELECT * FROM inquiry_templates
WHERE ($1::text IS NULL OR kind = $1) AND ($2::text IS NULL OR part = $2) ORDER BY kind, part, id
"""


async def add_template(command: TemplateInput, tx: Tx) -> TemplateView:
    """Raises FieldsRefused, PlaceholderRefused."""
    template = InquiryTemplate(
        id=new_id(),
        kind=command.kind,
        part=command.part,
        title=command.title,
        fields=check_template(kind_of(command.kind), command.part, command.fields),
        updated_by=tx.actor.sub,
        updated_at=tx.now,
    )
    await tx.add(template)
    return _view(template)


async def change_template(
    command: TemplateInput, template_id: UUID, version: int, tx: Tx
) -> TemplateView:
    """Raises NotFound, StaleVersion, FieldsRefused, PlaceholderRefused."""
    template = await tx.require(InquiryTemplate, template_id, lock=True)
    if template.version != version:
        raise StaleVersion()
    template.fields = check_template(kind_of(command.kind), command.part, command.fields)
    template.kind, template.part, template.title = command.kind, command.part, command.title
    template.updated_by, template.updated_at = tx.actor.sub, tx.now
    await tx.save(template)
    return _view(template)


async def remove_template(template_id: UUID, tx: Tx) -> None:
    """Raises NotFound."""
    if await tx.execute("DELETE FROM inquiry_templates WHERE id = $1", template_id) != "DELETE 1":
        raise NotFound()


async def list_templates(kind: str | None, part: Part | None, tx: Tx) -> Sequence[TemplateView]:
    return [_view(each) for each in await tx.find(InquiryTemplate, _LIST, kind, part)]


async def fill_template(command: FillTemplate, template_id: UUID, tx: Tx) -> FilledTemplate:
    """The values of a question to a region, or of the answer to an inquiry of the same kind; the
    clerk sees them before they are sent. Raises NotFound, NotInThisState for another kind's
    inquiry, or one that is not ours to answer."""
    template = await tx.require(InquiryTemplate, template_id)
    kind, part = kind_of(template.kind), Part(template.part)
    if part is Part.ANSWER and command.inquiry_id is None:
        raise NotFound()
    known = await _known(command, template, tx)
    values, missing = fill(kind, part, template.fields, known)
    return FilledTemplate(kind=template.kind, part=part, values=values, open=missing)


async def _known(command: FillTemplate, template: InquiryTemplate, tx: Tx) -> dict[str, Value]:
    known: dict[str, Value] = {"today": tx.today.isoformat()}
    if command.inquiry_id is None:
        node = await our_node(tx)
        known["our_region"] = max(tx.actor.region, node.region, key=len)
        return known | ({"their_region": command.to_region} if command.to_region else {})
    inquiry = await tx.require(Inquiry, command.inquiry_id)
    if inquiry.kind != template.kind or (
        template.part == Part.ANSWER and inquiry.side != Side.ASKED
    ):
        raise NotInThisState()
    tx.saw(inquiry.id, "inquiry")
    asked = inquiry.side == Side.ASKED
    ours, theirs = inquiry.asked_region, inquiry.from_region
    known |= {
        "opened_on": inquiry.opened_on.isoformat(),
        "due_on": inquiry.due_on.isoformat(),
        "our_region": ours if asked else theirs,
        "their_region": theirs if asked else ours,
    }
    if inquiry.reference is not None:
        known["reference"] = inquiry.reference
    return known | known_of_question(content_of(inquiry, tx).question)


def _view(template: InquiryTemplate) -> TemplateView:
    return TemplateView(**template.model_dump(exclude={"updated_by"}))
