"""HTTP door of persons."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import AwareDatetime

from services.registry.auth import CanRead, CanWrite
from services.registry.persons import (
    handlers,
    past,
    queries,
    residences,
    separated,
    workplaces,
)
from services.registry.persons.schemas import (
    CorrectPerson,
    CorrectStay,
    EndWorkplace,
    HistoryView,
    PersonDetail,
    PersonView,
    RegisterPerson,
    ResidenceView,
    SearchPersons,
    SeparatedPerson,
    SeparationDuties,
    StartWorkplace,
    WorkplaceView,
)
from shared.codes import RegionCode
from shared.http import (
    Cursor,
    IfMatch,
    Limit,
    PersonalTransaction,
    Route,
    Transaction,
    etag,
)
from shared.pages import Page
from shared.text import CalendarDay

router = APIRouter(tags=["persons"], route_class=Route)

On = Annotated[CalendarDay | None, Query(description="what was true on this day")]
KnownAt = Annotated[
    AwareDatetime | None, Query(description="what the register believed at this moment")
]


@router.post("/persons", status_code=201, summary="Register a person")
async def register_person(
    command: RegisterPerson, actor: CanWrite, tx: PersonalTransaction, response: Response
) -> PersonView:
    view = await handlers.register_person(command, tx, alone=True)
    response.headers["Location"] = f"/registry/v1/persons/{view.id}"
    response.headers["ETag"] = etag(view.version)
    return view


@router.get("/persons/{person_id}", summary="Read a person, now or as it was")
async def get_person(
    person_id: UUID,
    actor: CanRead,
    tx: PersonalTransaction,
    response: Response,
    on: On = None,
    known_at: KnownAt = None,
) -> PersonDetail:
    view = await past.get_person(person_id, on, known_at, tx)
    response.headers["ETag"] = etag(view.version)
    return view


@router.patch("/persons/{person_id}", summary="Correct a person's record, or note a change")
async def correct_person(
    person_id: UUID,
    command: CorrectPerson,
    version: IfMatch,
    actor: CanWrite,
    tx: PersonalTransaction,
    response: Response,
) -> PersonView:
    view = await handlers.correct_person(command, person_id, version, tx)
    response.headers["ETag"] = etag(view.version)
    return view


@router.post("/person-searches", summary="Find persons by identifiers")
async def search_persons(
    command: SearchPersons, actor: CanRead, tx: PersonalTransaction
) -> Sequence[PersonView]:
    return await queries.find_persons(command, tx)


@router.get(
    "/persons/{person_id}/history", summary="Homes, registers, workplaces, versions of a person"
)
async def get_history(
    person_id: UUID,
    actor: CanRead,
    tx: PersonalTransaction,
    on: On = None,
    known_at: KnownAt = None,
) -> HistoryView:
    return await past.get_history(person_id, tx, on, known_at)


@router.patch("/persons/{person_id}/residences/{residence_id}", summary="Correct a stay")
async def correct_stay(
    person_id: UUID,
    residence_id: UUID,
    command: CorrectStay,
    actor: CanWrite,
    tx: PersonalTransaction,
) -> ResidenceView:
    return await residences.correct_stay(command, person_id, residence_id, tx)


@router.post(
    "/persons/{person_id}/workplaces", status_code=201, summary="Note where a person works"
)
async def start_workplace(
    person_id: UUID, command: StartWorkplace, actor: CanWrite, tx: PersonalTransaction
) -> WorkplaceView:
    return await workplaces.start_workplace(command, person_id, tx)


@router.post(
    "/persons/{person_id}/workplaces/{workplace_id}/ending", summary="End a person's workplace"
)
async def end_workplace(
    person_id: UUID,
    workplace_id: UUID,
    command: EndWorkplace,
    actor: CanWrite,
    tx: PersonalTransaction,
) -> WorkplaceView:
    return await workplaces.end_workplace(command, person_id, workplace_id, tx)


@router.get(
    "/separated-persons",
    summary="Persons registered in one township, living in another",
    response_model=Page[SeparatedPerson],
)
async def list_separated(
    actor: CanRead,
    tx: PersonalTransaction,
    region: RegionCode | None = None,
    within_city: Annotated[
        bool, Query(description="only those who live in the city they are registered in")
    ] = False,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    page = await separated.list_separated(region, within_city, limit, cursor, tx)
    return Response(page, media_type="application/json")


@router.get("/separation-duties", summary="Which place owes a separated person what")
async def get_separation_duties(actor: CanRead, tx: Transaction) -> SeparationDuties:
    return separated.duties()
