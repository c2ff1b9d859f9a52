"""Who works on an inquiry (分办): an office, a person, and how it went from one to the other."""

from collections.abc import Sequence
from uuid import UUID

from services.exchange.attachments.handlers import move
from services.exchange.errors import NotInThisState
from services.exchange.inquiries.desk_schemas import (
    AssignInquiry,
    EnterMember,
    LinkPerson,
    MemberView,
)
from services.exchange.inquiries.errors import NotOfThisDesk
from services.exchange.inquiries.models import DeskMember, Inquiry, InquiryAssignment
from services.exchange.inquiries.queries import view_of
from services.exchange.inquiries.schemas import InquiryView
from services.exchange.inquiries.states import OVER
from services.exchange.participants.node import our_node
from services.exchange.rights.subjects import put_under
from shared.db import Tx
from shared.problems import NotFound, OutsideJurisdiction, StaleVersion

_OF_MEMBER = """
SELECT * FROM inquiries WHERE assignee = $1 AND state <> ALL($2::text[]) ORDER BY id FOR UPDATE
"""


async def assign_inquiry(
    command: AssignInquiry, inquiry_id: UUID, version: int, tx: Tx
) -> InquiryView:
    """Put an office, a member of staff or both in charge. Raises StaleVersion when somebody else
    was faster, NotInThisState for one that is over, NotOfThisDesk for staff who may not work on
    its region, OutsideJurisdiction for a region that is not the caller's to hand to."""
    inquiry = await tx.require(Inquiry, inquiry_id, lock=True)
    if inquiry.version != version:
        raise StaleVersion()
    if inquiry.state in OVER:
        raise NotInThisState()
    if command.region is not None:
        await require_ours(command.region, tx)
        inquiry.local_region = command.region
        await move(inquiry.id, command.region, tx)
    office = command.office
    if command.assignee is not None:
        office = office or await _office_of(command.assignee, inquiry.local_region, tx)
    await put_in_charge(inquiry, office, command.assignee, tx)
    await tx.save(inquiry)
    tx.saw(inquiry.id, "inquiry")
    return await view_of(inquiry, tx)


async def require_ours(region: str, tx: Tx) -> None:
    """Raises OutsideJurisdiction for a region that is not this county's, or not the caller's."""
    if not region.startswith((await our_node(tx)).region) or not tx.actor.covers(region):
        raise OutsideJurisdiction()


async def put_in_charge(inquiry: Inquiry, office: str | None, assignee: str | None, tx: Tx) -> None:
    """Change who is in charge of a locked inquiry and keep the change; the caller saves it."""
    inquiry.office, inquiry.assignee = office, assignee
    number = 1 + await tx.fetch_value(
        "SELECT count(*) FROM inquiry_assignments WHERE inquiry_id = $1", inquiry.id
    )
    await tx.add(
        InquiryAssignment(
            inquiry_id=inquiry.id,
            number=number,
            region=inquiry.local_region,
            office=office,
            assignee=assignee,
            by=tx.actor.sub,
            by_office=tx.actor.org,
            at=tx.now,
        )
    )


async def _office_of(assignee: str, region: str, tx: Tx) -> str:
    """The office of a member of staff who may work on `region`. Whoever takes an inquiry herself
    need not be entered: her token says where she works. Raises NotOfThisDesk."""
    if assignee == tx.actor.sub and tx.actor.covers(region):
        return tx.actor.org
    member = await tx.get(DeskMember, assignee)
    if member is None or not region.startswith(member.region):
        raise NotOfThisDesk()
    return member.office


async def link_person(command: LinkPerson, inquiry_id: UUID, tx: Tx) -> InquiryView:
    """Say whom of our registry it is about: she then finds the looks at it, those of before too,
    among the looks at her. A wrong link is put right by the right one."""
    inquiry = await tx.require(Inquiry, inquiry_id)
    await put_under(inquiry.id, command.person_id, tx)
    tx.saw(inquiry.id, "inquiry")
    return await view_of(inquiry, tx)


# the staff


async def enter_member(command: EnterMember, sub: str, tx: Tx) -> MemberView:
    """Enter a member of staff, or where she works now; what she no longer may work on is nobody's.
    Raises OutsideJurisdiction."""
    await require_ours(command.region, tx)
    member = DeskMember(
        sub=sub,
        office=command.office,
        region=command.region,
        entered_at=tx.now,
        entered_by=tx.actor.sub,
    )
    known = await tx.get(DeskMember, sub, lock=True)
    await (tx.add(member) if known is None else tx.save(member))
    for inquiry in await _open_of(sub, tx):
        if not inquiry.local_region.startswith(command.region):
            await _free(inquiry, tx)
    return MemberView(**member.model_dump())


async def remove_member(sub: str, tx: Tx) -> None:
    """She has left: what she had not finished is nobody's. Raises NotFound."""
    if await tx.execute("DELETE FROM desk_members WHERE sub = $1", sub) != "DELETE 1":
        raise NotFound()
    for inquiry in await _open_of(sub, tx):
        await _free(inquiry, tx)


async def list_members(tx: Tx) -> Sequence[MemberView]:
    """Those entered for regions inside the caller's, by subject."""
    rows = await tx.fetch(
        "SELECT * FROM desk_members WHERE starts_with(region, $1) ORDER BY sub", tx.actor.region
    )
    return [MemberView(**row) for row in rows]


async def _open_of(sub: str, tx: Tx) -> Sequence[Inquiry]:
    return await tx.find(Inquiry, _OF_MEMBER, sub, [state.value for state in OVER])


async def _free(inquiry: Inquiry, tx: Tx) -> None:
    await put_in_charge(inquiry, inquiry.office, None, tx)
    await tx.save(inquiry)
