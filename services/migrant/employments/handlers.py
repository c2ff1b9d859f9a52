"""Filing hires, and linking them to people the county knows."""

from uuid import UUID

from services.migrant.employments.models import Employment
from services.migrant.employments.queries import receipt_of
from services.migrant.employments.rules import check_filer
from services.migrant.employments.schemas import FileEmployment, Receipt
from services.migrant.errors import AlreadyFiled
from services.migrant.people.queries import find_known
from services.migrant.people.rules import is_office, letters, same_name
from shared.db import Tx
from shared.events.migrant import EmploymentFiled
from shared.ids import new_id
from shared.problems import OutsideJurisdiction


async def file_employment(command: FileEmployment, tx: Tx) -> Receipt:
    """File a hire. The receipt never tells whether the county knows the worker. Raises
    NotYourFiling, OutsideJurisdiction, AlreadyFiled."""
    check_filer(tx.actor.org, command.employer_code, office=is_office(tx.actor))
    if not tx.actor.covers(command.region):
        raise OutsideJurisdiction()
    employment = Employment(
        id=new_id(),
        employer_code=command.employer_code,
        region=command.region,
        id_number_index=tx.vault.index(command.worker.id_number, "id_number"),
        name_index=_name_index(command.worker.name, tx),
        job=command.job,
        started_on=command.started_on,
        filed_at=tx.now,
        filed_by=tx.actor.sub,
    )
    if await _filed_before(employment, tx):
        raise AlreadyFiled()
    known = await find_known(command.worker.id_number, tx)
    if known is not None and same_name(known.name, command.worker.name):
        employment.person_id = known.person_id
        _tell(employment, known.person_id, tx)
    await tx.add(employment)
    return receipt_of(employment)


async def link_waiting(person_id: UUID, id_number: str, name: str, tx: Tx) -> None:
    """Somebody has arrived: filings that waited for her are now hers."""
    waiting = await tx.find(
        Employment,
        "SELECT * FROM employments WHERE id_number_index = $1 AND name_index = $2"
        " AND person_id IS NULL ORDER BY id FOR UPDATE",
        tx.vault.index(id_number, "id_number"),
        _name_index(name, tx),
    )
    for employment in waiting:
        employment.person_id = person_id
        await tx.save(employment)
        _tell(employment, person_id, tx)


def _tell(employment: Employment, person_id: UUID, tx: Tx) -> None:
    tx.emit(
        EmploymentFiled(
            employment_id=employment.id,
            person_id=person_id,
            region=employment.region,
            employer_code=employment.employer_code,
            started_on=employment.started_on,
        )
    )
    tx.saw(person_id, "employment")


def _name_index(name: str, tx: Tx) -> bytes:
    return tx.vault.index(letters(name), "name")


async def _filed_before(employment: Employment, tx: Tx) -> bool:
    return bool(
        await tx.fetch_value(
            "SELECT 1 FROM employments WHERE employer_code = $1 AND id_number_index = $2"
            " AND started_on = $3",
            employment.employer_code,
            employment.id_number_index,
            employment.started_on,
        )
    )
