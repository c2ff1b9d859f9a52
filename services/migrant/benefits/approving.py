"""The joint audit (联审): two people of two offices approve exactly what they looked at."""

from uuid import UUID

from services.migrant.benefits.errors import ContentChanged
from services.migrant.benefits.handlers import at, fall_back, note, require_no_findings
from services.migrant.benefits.models import BenefitApproval
from services.migrant.benefits.queries import get_list, hash_of
from services.migrant.benefits.rules import (
    APPROVALS,
    DRAWING_UP,
    ListStatus,
    StepKind,
    check_approver,
)
from services.migrant.benefits.schemas import ApproveList, SendBackList, WholeListView
from shared.db import Tx
from shared.ids import new_id


async def approve_list(list_id: UUID, command: ApproveList, tx: Tx) -> WholeListView:
    """Raises NotFound, ListNotNow, DrawnUpByYou, ApprovedByYou, OfficeApproved, ContentChanged,
    FindingsOpen (somebody died since, say)."""
    drawn = await at(list_id, tx, ListStatus.SUBMITTED)
    approvals = await tx.find(
        BenefitApproval,
        "SELECT * FROM benefit_approvals WHERE list_id = $1 AND revision = $2",
        list_id,
        drawn.revision,
    )
    given = [(each.approved_by, each.approved_org) for each in approvals]
    check_approver(tx.actor.sub, tx.actor.org, await _drawers(list_id, tx), given)
    content = await hash_of(drawn, tx)
    if content.hex() != command.content_hash:
        raise ContentChanged()
    await require_no_findings(list_id, tx)
    approval = BenefitApproval(
        id=new_id(),
        list_id=list_id,
        revision=drawn.revision,
        content_hash=content,
        approved_by=tx.actor.sub,
        approved_org=tx.actor.org,
        approved_at=tx.now,
    )
    await tx.add(approval)
    await note(list_id, StepKind.APPROVED, tx, content_hash=content.hex())
    if len(approvals) + 1 >= APPROVALS:
        drawn.status, drawn.content_hash = ListStatus.APPROVED, content
        await tx.save(drawn)
    return await get_list(list_id, tx)


async def send_back_list(list_id: UUID, command: SendBackList, tx: Tx) -> WholeListView:
    """An auditing office gives a list back to be drawn up anew (退回). Raises NotFound,
    ListNotNow."""
    drawn = await at(list_id, tx, ListStatus.SUBMITTED, ListStatus.APPROVED)
    await note(list_id, StepKind.SENT_BACK, tx, reason=command.reason.value)
    await fall_back(drawn, tx)
    return await get_list(list_id, tx)


async def _drawers(list_id: UUID, tx: Tx) -> set[str]:
    """Everybody who had a hand in the list, in whatever revision."""
    rows = await tx.fetch(
        "SELECT DISTINCT done_by FROM benefit_steps WHERE list_id = $1 AND step = ANY($2::text[])",
        list_id,
        list(DRAWING_UP),
    )
    return {row["done_by"] for row in rows}
