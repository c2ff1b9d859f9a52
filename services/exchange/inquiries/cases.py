"""Cases in which several parties are asked about one person (三方协查). Each is asked in an inquiry
of its own, with an id of its own: nothing on the wire tells one party of the others."""

from collections.abc import Mapping
from uuid import UUID

from services.exchange.errors import FieldsRefused
from services.exchange.inquiries.case_schemas import (
    CasePart,
    CaseSummary,
    CaseView,
    OpenCase,
    Party,
)
from services.exchange.inquiries.catalogue import Kind, Value, kind_of
from services.exchange.inquiries.handlers import ask, asking_region, refuse_used
from services.exchange.inquiries.models import Inquiry, InquiryCase
from services.exchange.inquiries.queries import view_of
from services.exchange.inquiries.schemas import OpenInquiry
from services.exchange.inquiries.states import OVER
from shared.db import Tx
from shared.ids import new_id
from shared.pages import Page, encode_cursor, id_in

_LIST = """
SELECT c.*, p.* FROM inquiry_cases AS c
CROSS JOIN LATERAL (
  SELECT count(*) AS parts, count(*) FILTER (WHERE answered_at IS NOT NULL) AS answered,
         count(*) FILTER (WHERE state = ANY($4::text[])) AS over
  FROM inquiries WHERE case_id = c.id) AS p
WHERE starts_with(c.local_region, $1) AND ($2::uuid IS NULL OR c.id < $2)
  AND ($5::uuid IS NULL OR c.id = $5)
ORDER BY c.id DESC LIMIT $3
"""


async def open_case(command: OpenCase, tx: Tx) -> CaseView:
    """Ask each party its own question. All parts are opened, or none. Raises what `open_inquiry`
    does, and FieldsRefused for a kind that is not for its party."""
    region = await asking_region(command.from_region, tx)
    await refuse_used(command.reference, tx)
    case = InquiryCase(
        id=new_id(),
        reference=command.reference,
        local_region=region,
        opened_by=tx.actor.sub,
        opened_at=tx.now,
    )
    await tx.add(case)
    for part in command.parts:
        question = _question(part, command, region)
        await ask(question, tx, case_id=case.id, party=part.party)
    return await get_case(case.id, tx)


def _question(part: CasePart, case: OpenCase, region: str) -> OpenInquiry:
    """Raises FieldsRefused."""
    kind = kind_of(part.kind)
    if (kind.asked_of == ["employer"]) != (part.party is Party.EMPLOYER):
        raise FieldsRefused(errors=[{"field": "kind", "code": "not-for-this-party"}])
    return OpenInquiry(
        **part.model_dump(exclude={"party"}),
        reference=case.reference,
        from_region=region,
        person_id=case.person_id,
        subject=_named(kind, case),
        urgent=case.urgent,
    )


def _named(kind: Kind, case: OpenCase) -> dict[str, Value]:
    """Whom it is about, by no more than this kind needs."""
    known: Mapping[str, str] = {
        "name": case.name,
        "id_number": case.id_number,
        "id_tail": case.id_number[-4:],
    }
    return {field: known[field] for field in kind.subject}


async def get_case(case_id: UUID, tx: Tx) -> CaseView:
    """The parts side by side. A look at each of them."""
    await tx.require(InquiryCase, case_id)
    (summary,) = await _summaries(None, 1, tx, case_id)
    inquiries = await tx.find(
        Inquiry, "SELECT * FROM inquiries WHERE case_id = $1 ORDER BY id", case_id
    )
    for inquiry in inquiries:
        tx.saw(inquiry.id, "inquiry")
    views = [await view_of(inquiry, tx) for inquiry in inquiries]
    return CaseView(**summary.model_dump(), inquiries=views)


async def list_cases(limit: int, cursor: str | None, tx: Tx) -> Page[CaseSummary]:
    """Newest first; names nobody."""
    found = await _summaries(id_in(cursor), limit + 1, tx)
    more = encode_cursor(str(found[limit - 1].id)) if len(found) > limit else None
    return Page(items=found[:limit], next=more)


async def _summaries(
    before: UUID | None, limit: int, tx: Tx, case_id: UUID | None = None
) -> list[CaseSummary]:
    over = [state.value for state in OVER]
    rows = await tx.fetch(_LIST, tx.actor.region, before, limit, over, case_id)
    return [CaseSummary(**row) for row in rows]
