"""HTTP door of the desks that share inquiries."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Response

from services.exchange.auth import CanAdminister, CanRead, CanWrite
from services.exchange.inquiries import desks, queries
from services.exchange.inquiries.desk_schemas import (
    AssignInquiry,
    DeskCounts,
    EnterMember,
    LinkPerson,
    MemberView,
    Sub,
)
from services.exchange.inquiries.schemas import InquiryView
from shared.http import IfMatch, PersonalTransaction, Route, Transaction, etag

router = APIRouter(tags=["inquiries"], route_class=Route)
SubPath = Annotated[Sub, Path()]


@router.get("/inquiry-counts", summary="A desk's start page: how many in which state")
async def get_counts(actor: CanRead, tx: Transaction) -> DeskCounts:
    return await queries.get_counts(tx)


@router.post("/inquiries/{inquiry_id}/assignment", summary="Put an office or a person in charge")
async def assign_inquiry(
    inquiry_id: UUID,
    command: AssignInquiry,
    actor: CanWrite,
    tx: PersonalTransaction,
    version: IfMatch,
    response: Response,
) -> InquiryView:
    view = await desks.assign_inquiry(command, inquiry_id, version, tx)
    response.headers["ETag"] = etag(view.version)
    return view


@router.post("/inquiries/{inquiry_id}/person", summary="Say whom of our registry it is about")
async def link_person(
    inquiry_id: UUID, command: LinkPerson, actor: CanWrite, tx: PersonalTransaction
) -> InquiryView:
    return await desks.link_person(command, inquiry_id, tx)


@router.get("/desk-members", summary="Staff to whom inquiries can be given")
async def list_members(actor: CanRead, tx: Transaction) -> Sequence[MemberView]:
    return await desks.list_members(tx)


@router.put("/desk-members/{sub}", summary="Enter a member of staff")
async def enter_member(
    sub: SubPath, command: EnterMember, actor: CanAdminister, tx: Transaction
) -> MemberView:
    return await desks.enter_member(command, sub, tx)


@router.delete("/desk-members/{sub}", status_code=204, summary="A member of staff has left")
async def remove_member(sub: SubPath, actor: CanAdminister, tx: Transaction) -> None:
    await desks.remove_member(sub, tx)
