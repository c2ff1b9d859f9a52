"""HTTP door of open data: for the county's own eyes always, for anybody where it is switched on."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from services.assessment.auth import CanRead, OpenLicence
from services.assessment.open_data import queries
from services.assessment.open_data.schemas import OpenForm, OpenTable, OpenView
from shared.http import PublicTransaction, Route, Transaction
from shared.sheets import BOM, CSV_MEDIA, csv_lines

router = APIRouter(tags=["open data"], route_class=Route)
public_router = APIRouter(tags=["open data"], route_class=Route)

_FORMS: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/csv": {"schema": {"type": "string"}}}}
}
Year = Annotated[int, Query(ge=2000, le=2099)]
As = Annotated[OpenForm, Query(alias="format", description="json or csv")]


@router.get(
    "/open-data/{table}",
    summary="The open data as anybody would see them",
    response_model=OpenView,
    responses=_FORMS,
)
async def get_open_table(
    table: OpenTable,
    year: Year,
    actor: CanRead,
    licence: OpenLicence,
    tx: Transaction,
    form: As = OpenForm.JSON,
) -> OpenView | Response:
    return _in(form, await queries.get_open_table(table, year, licence, tx))


@public_router.get(
    "/public/open-data/{table}",
    summary="Open data of the county, for anybody",
    response_model=OpenView,
    responses=_FORMS,
)
async def get_public_table(
    table: OpenTable,
    year: Year,
    licence: OpenLicence,
    tx: PublicTransaction,
    form: As = OpenForm.JSON,
) -> OpenView | Response:
    return _in(form, await queries.get_open_table(table, year, licence, tx))


def _in(form: OpenForm, view: OpenView) -> OpenView | Response:
    if form == OpenForm.JSON:
        return view
    heads = [column.name for column in view.columns]
    rows = [[cell or "" for cell in row] for row in view.rows]
    if view.table == OpenTable.DICTIONARY:
        rows.append(["*", "licence", "text", view.licence, view.licence])
    return Response(BOM + csv_lines([heads, *rows]), media_type=CSV_MEDIA)
