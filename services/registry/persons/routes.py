"""HTTP door of persons."""

from collections.abc import Sequence
from uuid import UUID

from fastapi import APIRouter, Response

from services.registry.auth import CanRead, CanWrite
from services.registry.persons import handlers, queries
from services.registry.persons.schemas import (
    CorrectPerson,
    HistoryView,
    PersonView,
    RegisterPerson,
    SearchPersons,
)
from shared.http import IfMatch, PersonalTransaction, Route, etag

router = APIRouter(tags=["persons"], route_class=Route)


@router.post("/persons", status_code=201, summary="Register a person")
async def register_person(
    command: RegisterPerson, actor: CanWrite, tx: PersonalTransaction, response: Response
) -> PersonView:
    view = await handlers.register_person(command, tx)
    response.headers["Location"] = f"/registry/v1/persons/{view.id}"
    response.headers["ETag"] = etag(view.version)
    return view


@router.get("/persons/{person_id}", summary="Read a person")
async def get_person(
    person_id: UUID, actor: CanRead, tx: PersonalTransaction, response: Response
) -> PersonView:
    view = await queries.get_person(person_id, tx)
    response.headers["ETag"] = etag(view.version)
    return view


@router.patch("/persons/{person_id}", summary="Correct a person's record")
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


@router.get("/persons/{person_id}/history", summary="Residences and versions of a person")
async def get_history(person_id: UUID, actor: CanRead, tx: PersonalTransaction) -> HistoryView:
    return await queries.get_history(person_id, tx)
