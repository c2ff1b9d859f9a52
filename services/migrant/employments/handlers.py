"""Filing hires and leavers, correcting and withdrawing, and linking filings to people."""

from uuid import UUID

from services.migrant.employments.models import Employment
from services.migrant.employments.queries import receipt_of, require_filing
from services.migrant.employments.rules import (
    Job,
    check_end,
    check_filer,
    check_order,
    which_ends,
)
from services.migrant.employments.schemas import (
    CorrectEmployment,
    EndEmployment,
    FileEmployment,
    FileLeaver,
    Receipt,
)
from services.migrant.errors import AlreadyFiled, FilingWithdrawn
from services.migrant.people.queries import find_known
from services.migrant.people.rules import is_office, letters, same_name
from shared.db import Tx
from shared.events.migrant import (
    EmploymentCorrected,
    EmploymentEnded,
    EmploymentFiled,
    EmploymentWithdrawn,
)
from shared.ids import new_id
from shared.problems import OutsideJurisdiction, StaleVersion


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
    await _require_new(employment, tx)
    known = await find_known(command.worker.id_number, tx)
    if known is not None and same_name(known.name, command.worker.name):
        employment.person_id = known.person_id
        _tell(employment, known.person_id, tx)
    await tx.add(employment)
    return receipt_of(employment)


async def file_leaver(command: FileLeaver, tx: Tx) -> Receipt:
    """End the job that the employer filed of this worker. Looks at its own filings and at nothing
    else. Raises NotYourFiling, NoSuchHire, AlreadyLeft, EndedOnAnotherDay, EndBeforeStart."""
    check_filer(tx.actor.org, command.employer_code, office=is_office(tx.actor))
    filed = await tx.find(
        Employment,
        "SELECT * FROM employments WHERE employer_code = $1 AND id_number_index = $2"
        " AND name_index = $3 AND ($4::date IS NULL OR started_on = $4)"
        " AND withdrawn_at IS NULL ORDER BY id FOR UPDATE",
        command.employer_code,
        tx.vault.index(command.worker.id_number, "id_number"),
        _name_index(command.worker.name, tx),
        command.started_on,
    )
    jobs = [Job(each.started_on, each.ended_on) for each in filed]
    employment = filed[which_ends(jobs, command.ended_on)]
    employment.ended_on = command.ended_on
    await tx.save(employment)
    _tell_end(employment, tx)
    return receipt_of(employment)


async def end_employment(command: EndEmployment, employment_id: UUID, tx: Tx) -> Receipt:
    """End the job of a receipt. Raises NotFound, FilingWithdrawn, AlreadyLeft,
    EndedOnAnotherDay, EndBeforeStart."""
    employment = await _standing(employment_id, tx)
    check_end(Job(employment.started_on, employment.ended_on), command.ended_on)
    employment.ended_on = command.ended_on
    await tx.save(employment)
    _tell_end(employment, tx)
    return receipt_of(employment)


async def correct_employment(
    command: CorrectEmployment, employment_id: UUID, version: int, tx: Tx
) -> Receipt:
    """Raises NotFound, StaleVersion, FilingWithdrawn, EndBeforeStart, OutsideJurisdiction,
    AlreadyFiled where another filing says so already."""
    employment = await _standing(employment_id, tx)
    if employment.version != version:
        raise StaleVersion()
    employment.region = command.region or employment.region
    if not tx.actor.covers(employment.region):
        raise OutsideJurisdiction()
    if command.started_on not in (None, employment.started_on):
        employment.started_on = command.started_on or employment.started_on
        await _require_new(employment, tx)
    for field in command.model_fields_set & {"ended_on", "job"}:
        setattr(employment, field, getattr(command, field))
    check_order(employment.started_on, employment.ended_on)
    await tx.save(employment)
    if employment.person_id is not None:
        tx.emit(
            EmploymentCorrected(
                employment_id=employment.id,
                person_id=employment.person_id,
                region=employment.region,
                employer_code=employment.employer_code,
                started_on=employment.started_on,
                ended_on=employment.ended_on,
            )
        )
        tx.saw(employment.person_id, "employment")
    return receipt_of(employment)


async def withdraw_employment(employment_id: UUID, tx: Tx) -> Receipt:
    """Take a filing back that should not have been made. Raises NotFound, FilingWithdrawn."""
    employment = await _standing(employment_id, tx)
    employment.withdrawn_at = tx.now
    await tx.save(employment)
    if employment.person_id is not None:
        tx.emit(
            EmploymentWithdrawn(
                employment_id=employment.id,
                person_id=employment.person_id,
                region=employment.region,
            )
        )
        tx.saw(employment.person_id, "employment")
    return receipt_of(employment)


async def link_waiting(person_id: UUID, id_number: str, name: str, tx: Tx) -> None:
    """Somebody has arrived: filings that waited for her are now hers."""
    waiting = await tx.find(
        Employment,
        "SELECT * FROM employments WHERE id_number_index = $1 AND name_index = $2"
        " AND person_id IS NULL AND withdrawn_at IS NULL ORDER BY id FOR UPDATE",
        tx.vault.index(id_number, "id_number"),
        _name_index(name, tx),
    )
    for employment in waiting:
        employment.person_id = person_id
        await tx.save(employment)
        _tell(employment, person_id, tx)
        _tell_end(employment, tx)


async def _standing(employment_id: UUID, tx: Tx) -> Employment:
    employment = await require_filing(employment_id, tx, lock=True)
    if employment.withdrawn_at is not None:
        raise FilingWithdrawn()
    return employment


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


def _tell_end(employment: Employment, tx: Tx) -> None:
    """Of a worker whom the county does not know there is nothing to tell yet."""
    if employment.person_id is None or employment.ended_on is None:
        return
    tx.emit(
        EmploymentEnded(
            employment_id=employment.id,
            person_id=employment.person_id,
            region=employment.region,
            employer_code=employment.employer_code,
            ended_on=employment.ended_on,
        )
    )
    tx.saw(employment.person_id, "employment")


def _name_index(name: str, tx: Tx) -> bytes:
    return tx.vault.index(letters(name), "name")


async def _require_new(employment: Employment, tx: Tx) -> None:
    """Raises AlreadyFiled where another filing of the employer says the same."""
    if await tx.fetch_value(
        "SELECT 1 FROM employments WHERE employer_code = $1 AND id_number_index = $2"
        " AND started_on = $3 AND withdrawn_at IS NULL AND id <> $4",
        employment.employer_code,
        employment.id_number_index,
        employment.started_on,
        employment.id,
    ):
        raise AlreadyFiled()
