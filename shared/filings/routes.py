"""HTTP door of filings, the same in each service that takes spreadsheets."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Path, Response, UploadFile, params
from pydantic import AfterValidator

from shared.app import Parts
from shared.filings import handlers, queries
from shared.filings.kinds import AnyKind
from shared.filings.queries import SheetFile
from shared.filings.schemas import AcceptedFiling, FilingLineView, FilingView, SheetFormat
from shared.filings.tables import LineResult
from shared.filings.worker import FilingWorker
from shared.http import Cursor, Language, Limit, PersonalTransaction, Route, Transaction
from shared.jobs import working
from shared.pages import Page

Kinds = Mapping[str, AnyKind]


def filing_router(service: str, kinds: Kinds, can_file: params.Depends) -> APIRouter:
    """The operations of filings under /<service>/v1, for whom `can_file` lets in; each kind of
    sheet may ask for more."""
    router = APIRouter(tags=["filings"], route_class=Route, dependencies=[can_file])
    listed = {"enum": sorted(kinds)}

    def one_of_ours(code: str) -> str:
        if code not in kinds:
            raise ValueError("没有这种表格 / there is no such kind of sheet")
        return code

    @router.post("/filings", status_code=202, summary="File a spreadsheet, line by line")
    async def accept_filing(
        file: UploadFile,
        kind: Annotated[str, Form(json_schema_extra=listed), AfterValidator(one_of_ours)],
        tx: PersonalTransaction,
        response: Response,
        dry_run: Annotated[bool, Form(description="tell what would be, and file nothing")] = False,
    ) -> AcceptedFiling:
        accepted = await handlers.accept_filing(kinds[kind], file, dry_run, tx)
        response.headers["Location"] = f"/{service}/v1/filings/{accepted.id}"
        return accepted

    @router.get("/filings", summary="One's own spreadsheets, newest first")
    async def list_filings(
        tx: Transaction, language: Language, limit: Limit = 25, cursor: Cursor = None
    ) -> Page[FilingView]:
        return await queries.list_filings(limit, cursor, language, tx)

    @router.get("/filings/{filing_id}", summary="How far a spreadsheet has come")
    async def get_filing(filing_id: UUID, tx: Transaction, language: Language) -> FilingView:
        return await queries.get_filing(filing_id, language, tx)

    @router.get("/filings/{filing_id}/lines", summary="Receipts, line by line")
    async def list_lines(
        filing_id: UUID,
        tx: Transaction,
        outcome: LineResult | None = None,
        limit: Limit = 50,
        cursor: Cursor = None,
    ) -> Page[FilingLineView]:
        return await queries.list_lines(filing_id, outcome, limit, cursor, tx)

    @router.get(
        "/filings/{filing_id}/rejects",
        summary="The refused lines as a sheet, with the reason beside each",
        description="At most 20,000 lines; the header Next-Cursor is the cursor of the next such"
        " file.",
        response_class=Response,
    )
    async def get_rejects(
        filing_id: UUID,
        tx: PersonalTransaction,
        format: SheetFormat = SheetFormat.XLSX,
        cursor: Cursor = None,
    ) -> Response:
        return _given(await queries.get_rejects(filing_id, kinds, format, cursor, tx))

    @router.get(
        "/filing-templates/{kind}",
        summary="An empty sheet with an example",
        response_class=Response,
    )
    async def get_template(
        kind: Annotated[str, Path(json_schema_extra=listed), AfterValidator(one_of_ours)],
        format: SheetFormat = SheetFormat.XLSX,
    ) -> Response:
        return _given(queries.empty_sheet(kinds[kind], format))

    @router.post("/filings/{filing_id}/cancellation", summary="Call a filing off")
    async def cancel_filing(filing_id: UUID, tx: Transaction) -> AcceptedFiling:
        return await handlers.cancel_filing(filing_id, tx)

    @router.post("/filings/{filing_id}/retry", summary="Try a failed filing again")
    async def retry_filing(filing_id: UUID, tx: Transaction) -> AcceptedFiling:
        return await handlers.retry_filing(filing_id, tx)

    return router


def _given(sheet: SheetFile) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{sheet.name}"'}
    if sheet.next:
        headers["Next-Cursor"] = sheet.next
    return Response(sheet.content, media_type=sheet.media_type, headers=headers)


def filing(kinds: Kinds) -> Callable[[Parts], AbstractAsyncContextManager[None]]:
    """Files waiting sheets beside the service: an extra of its app."""

    @asynccontextmanager
    async def extra(parts: Parts) -> AsyncIterator[None]:
        async with working(FilingWorker(parts.database, parts.actor, kinds)):
            yield

    return extra
