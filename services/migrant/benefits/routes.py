"""HTTP door of benefits."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Query, Response, UploadFile

from services.migrant.auth import (
    CanActForSelf,
    CanAdminister,
    CanApprove,
    CanRead,
    CanReadList,
    CanReadOwn,
    CanWrite,
)
from services.migrant.benefits import approving, handlers, paying, queries, recovering
from services.migrant.benefits.paying import FileFormat
from services.migrant.benefits.rules import ListStatus, Programme
from services.migrant.benefits.schemas import (
    AddLines,
    AmendLine,
    AnswerRecovery,
    ApproveList,
    BenefitFigure,
    BenefitStatement,
    ClearFinding,
    DrawUpList,
    EnterRepayment,
    EnterResults,
    FileCheckView,
    FindingView,
    LinesAdded,
    LineView,
    ListView,
    ProposeRecovery,
    RecoveryView,
    RemoveLine,
    ResultsEntered,
    SendBackList,
    SetProgramme,
    TrailView,
    WholeListView,
)
from shared.codes import RegionCode
from shared.http import Cursor, Limit, PersonalTransaction, Route, Transaction
from shared.pages import Page

router = APIRouter(tags=["benefits"], route_class=Route)

Region = Annotated[RegionCode | None, Query(max_length=12)]
_MOST_BYTES = 20 * 1024 * 1024


@router.post("/benefit-programmes", status_code=201, summary="Set a benefit from a day on")
async def set_programme(command: SetProgramme, actor: CanAdminister, tx: Transaction) -> Programme:
    return await handlers.set_programme(command, tx)


@router.get("/benefit-programmes", summary="Which benefits there are, by which rule")
async def list_programmes(actor: CanReadOwn, tx: Transaction) -> Sequence[Programme]:
    return await queries.all_programmes(tx)


@router.post("/benefit-lists", status_code=201, summary="Begin a list")
async def draw_up_list(command: DrawUpList, actor: CanWrite, tx: Transaction) -> WholeListView:
    return await handlers.draw_up_list(command, tx)


@router.get("/benefit-lists", summary="Lists, newest first, without their people")
async def list_lists(
    actor: CanReadList,
    tx: Transaction,
    region: Region = None,
    status: ListStatus | None = None,
    limit: Limit = 25,
    cursor: Cursor = None,
) -> Page[ListView]:
    return await queries.list_lists(region, status, limit, cursor, tx)


@router.get("/benefit-lists/{list_id}", summary="A list without its people, and its hash")
async def get_list(list_id: UUID, actor: CanReadList, tx: Transaction) -> WholeListView:
    return await queries.get_list(list_id, tx)


@router.post("/benefit-lists/{list_id}/lines", summary="Add payments; each line is told")
async def add_lines(
    list_id: UUID, command: AddLines, actor: CanWrite, tx: PersonalTransaction
) -> LinesAdded:
    return await handlers.add_lines(list_id, command, tx)


@router.get("/benefit-lists/{list_id}/lines", summary="The payments of a list")
async def list_lines(
    list_id: UUID,
    actor: CanReadList,
    tx: PersonalTransaction,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Page[LineView]:
    return await queries.list_lines(list_id, limit, cursor, tx)


@router.post("/benefit-lines/{line_id}/amendment", summary="Another sum or account")
async def amend_line(
    line_id: UUID, command: AmendLine, actor: CanWrite, tx: PersonalTransaction
) -> LineView:
    return await handlers.amend_line(line_id, command, tx)


@router.post("/benefit-lines/{line_id}/removal", summary="Take a line off, with the reason")
async def remove_line(
    line_id: UUID, command: RemoveLine, actor: CanWrite, tx: PersonalTransaction
) -> LineView:
    return await handlers.remove_line(line_id, command, tx)


@router.get("/benefit-lists/{list_id}/findings", summary="What a human has to look at")
async def list_findings(
    list_id: UUID, actor: CanReadList, tx: PersonalTransaction
) -> Sequence[FindingView]:
    return await queries.list_findings(list_id, tx)


@router.post("/benefit-lists/{list_id}/clearances", summary="A human looked; the line stands")
async def clear_finding(
    list_id: UUID, command: ClearFinding, actor: CanWrite, tx: PersonalTransaction
) -> WholeListView:
    return await handlers.clear_finding(list_id, command, tx)


@router.post("/benefit-lists/{list_id}/submission", summary="Hand a list to the audit")
async def submit_list(list_id: UUID, actor: CanWrite, tx: Transaction) -> WholeListView:
    return await handlers.submit_list(list_id, tx)


@router.post("/benefit-lists/{list_id}/approval", summary="Approve what was looked at")
async def approve_list(
    list_id: UUID, command: ApproveList, actor: CanApprove, tx: Transaction
) -> WholeListView:
    return await approving.approve_list(list_id, command, tx)


@router.post("/benefit-lists/{list_id}/return", summary="Give a list back from the audit")
async def send_back_list(
    list_id: UUID, command: SendBackList, actor: CanApprove, tx: Transaction
) -> WholeListView:
    return await approving.send_back_list(list_id, command, tx)


@router.post("/benefit-lists/{list_id}/withdrawal", summary="Give a list up")
async def withdraw_list(list_id: UUID, actor: CanWrite, tx: Transaction) -> WholeListView:
    return await handlers.withdraw_list(list_id, tx)


@router.post("/benefit-lists/{list_id}/payment", summary="Begin to pay an approved list")
async def begin_payment(list_id: UUID, actor: CanWrite, tx: Transaction) -> WholeListView:
    return await paying.begin_payment(list_id, tx)


@router.get(
    "/benefit-lists/{list_id}/payment-file",
    summary="The file for the bank; every line is a look",
    response_class=Response,
)
async def draw_payment_file(
    list_id: UUID,
    actor: CanWrite,
    tx: PersonalTransaction,
    format: FileFormat = FileFormat.XLSX,
) -> Response:
    file = await paying.draw_payment_file(list_id, format, tx)
    headers = {
        "Content-Disposition": f'attachment; filename="{file.name}"',
        "Cache-Control": "no-store",
        "Content-Hash": file.content_hash,
    }
    return Response(file.content, media_type=file.media_type, headers=headers)


@router.post("/payment-file-checks", summary="Whether a file is one drawn from the approved list")
async def check_file(
    file: UploadFile, list_id: Annotated[UUID, Form()], actor: CanReadList, tx: Transaction
) -> FileCheckView:
    return await paying.check_file(list_id, await file.read(_MOST_BYTES), tx)


@router.post("/benefit-lists/{list_id}/results", summary="What was paid, what came back")
async def enter_results(
    list_id: UUID, command: EnterResults, actor: CanWrite, tx: PersonalTransaction
) -> ResultsEntered:
    return await paying.enter_results(list_id, command, tx)


@router.get("/benefit-lists/{list_id}/trail", summary="Who did what with a list, and when")
async def get_trail(list_id: UUID, actor: CanReadList, tx: Transaction) -> Sequence[TrailView]:
    return await queries.get_trail(list_id, tx)


@router.post(
    "/benefit-lines/{line_id}/recoveries", status_code=201, summary="Ask her to pay something back"
)
async def propose_recovery(
    line_id: UUID, command: ProposeRecovery, actor: CanWrite, tx: PersonalTransaction
) -> RecoveryView:
    return await recovering.propose_recovery(line_id, command, tx)


@router.post("/benefit-recoveries/{recovery_id}/answer", summary="Her yes or no")
async def answer_recovery(
    recovery_id: UUID, command: AnswerRecovery, actor: CanActForSelf, tx: PersonalTransaction
) -> RecoveryView:
    return await recovering.answer_recovery(recovery_id, command, tx)


@router.post("/benefit-recoveries/{recovery_id}/repayment", summary="It was paid back as agreed")
async def enter_repayment(
    recovery_id: UUID, command: EnterRepayment, actor: CanWrite, tx: PersonalTransaction
) -> RecoveryView:
    return await recovering.enter_repayment(recovery_id, command, tx)


@router.get("/people/{person_id}/benefits", summary="Every payment to a person, for herself")
async def list_own(
    person_id: UUID, actor: CanReadOwn, tx: PersonalTransaction
) -> Sequence[BenefitStatement]:
    return await queries.list_own(person_id, tx)


@router.get("/benefit-figures", summary="How many people were paid, in tens")
async def list_figures(
    actor: CanRead,
    tx: Transaction,
    region: Region = None,
    period: Annotated[str | None, Query(max_length=10)] = None,
) -> Sequence[BenefitFigure]:
    return await queries.list_figures(region, period, tx)
