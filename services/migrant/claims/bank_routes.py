"""HTTP door of files for the bank."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Response, UploadFile

from services.migrant.auth import CanAdminister, CanApprove, CanReadList, CanWrite
from services.migrant.certificates.door import UnkeptTransaction
from services.migrant.claims import bank_files, bank_results
from services.migrant.claims.bank_schemas import (
    BankAnswer,
    BankFileView,
    BankProfileView,
    BankResults,
    Code,
    GiveOutBankFile,
    SetBankProfile,
)
from services.migrant.claims.schemas import Reference
from services.migrant.types import PastDate
from shared.http import PersonalTransaction, Route, Transaction

router = APIRouter(tags=["claims"], route_class=Route)


@router.get("/bank-profiles", summary="The layouts of files for a bank")
async def list_profiles(actor: CanReadList, tx: Transaction) -> Sequence[BankProfileView]:
    return await bank_files.list_profiles(actor.region, tx)


@router.post("/bank-profiles", status_code=201, summary="Lay out the files for a bank")
async def set_profile(
    command: SetBankProfile, actor: CanAdminister, tx: Transaction
) -> BankProfileView:
    return await bank_files.set_profile(command, tx)


@router.post(
    "/claim-payment-lists/{payment_list_id}/bank-files",
    summary="As its approver: take out the file for the bank; every line is a look",
    response_class=Response,
)
async def give_out(
    payment_list_id: UUID, command: GiveOutBankFile, actor: CanApprove, tx: UnkeptTransaction
) -> Response:
    given = await bank_files.give_out(payment_list_id, command, tx)
    headers = {
        "Content-Disposition": f'attachment; filename="{given.name}"',
        "Cache-Control": "no-store",
        "Content-Hash": given.view.sha256,
        "Control-Sum": given.view.control_sum or "",
        "Total-Fen": str(given.view.total_fen),
        "Total-Lines": str(given.view.lines),
    }
    return Response(given.content, media_type=given.media_type, headers=headers)


@router.get(
    "/claim-payment-lists/{payment_list_id}/bank-files",
    summary="Which files went to the bank and came back",
)
async def list_files(
    payment_list_id: UUID, actor: CanReadList, tx: Transaction
) -> Sequence[BankFileView]:
    return await bank_files.list_files(payment_list_id, tx)


@router.post("/claim-bank-results", summary="Read back what the bank says of each payment")
async def enter_results(
    file: UploadFile,
    payment_list_id: Annotated[UUID, Form()],
    profile: Annotated[Code, Form()],
    reference: Annotated[Reference, Form()],
    settled_on: Annotated[PastDate, Form()],
    actor: CanWrite,
    tx: PersonalTransaction,
) -> BankResults:
    answer = BankAnswer(profile=profile, reference=reference, settled_on=settled_on)
    content = await file.read(bank_results.MOST_BYTES + 1)
    return await bank_results.enter_results(payment_list_id, content, answer, tx)
