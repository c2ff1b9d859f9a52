"""What a line does to the register, through the handlers that everybody uses: a report of the
department, a change of a record, a note of residence. Nothing is registered on a department's word
alone: reports wait for the office that registers, as every report does."""

import dataclasses
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Final, NamedTuple, TypeVar
from uuid import UUID

from services.registry.errors import CannotTake
from services.registry.feeds import undoing
from services.registry.feeds.matching import Line, reference_of
from services.registry.feeds.meanings import Meaning, Said, born_by
from services.registry.feeds.models import Effect, Feed, ResidenceEvidence
from services.registry.feeds.rules import Verdict
from services.registry.persons.handlers import correct_person, register_person
from services.registry.persons.queries import require_person
from services.registry.persons.schemas import CorrectPerson, RegisterPerson
from services.registry.vital.births import report_birth
from services.registry.vital.deaths import report_death
from services.registry.vital.marriages import report_marriage
from services.registry.vital.models import (
    BirthReport,
    DeathReport,
    MarriageKind,
    MarriageReport,
    Report,
    ReporterKind,
    ReportStatus,
)
from services.registry.vital.reports import send_back
from services.registry.vital.schemas import (
    Identified,
    Named,
    ReportBirth,
    ReportDeath,
    ReportMarriage,
    ReturnReport,
    Spouse,
)
from shared.codes import Sex
from shared.db import Tx
from shared.ids import new_id

REPORT_MODELS: Final[dict[str, type[Report]]] = {
    Effect.BIRTH_REPORT: BirthReport,
    Effect.DEATH_REPORT: DeathReport,
    Effect.MARRIAGE_REPORT: MarriageReport,
}
_REPLACED = "部门月报更正 / replaced by a later batch of the department"
Kind = TypeVar("Kind", bound=Report)


class Done(NamedTuple):
    """What a line did: the row it made or changed, its version then, whether it was folded into
    another office's report, and what undoes it, sealed."""

    effect: Effect
    effect_id: UUID
    version: int | None = None
    folded: bool = False
    undo_sealed: bytes | None = None


@asynccontextmanager
async def trying(tx: Tx, org: str) -> AsyncIterator[Tx]:
    """A part of a transaction that may fail alone, acting for the department `org`: its events
    and looks are the transaction's."""
    actor = dataclasses.replace(tx.actor, org=org)
    inner = dataclasses.replace(tx, actor=actor)
    async with inner.attempt():
        yield inner


async def take(line: Line, verdict: Verdict, line_id: UUID, feed: Feed, tx: Tx) -> Done:
    """Do what a new or changed line says. Raises the Problems of the handlers."""
    async with trying(tx, feed.department) as inner:
        return await _TAKEN[line.said.meaning](line, verdict, line_id, feed, inner)


# ---- reports -------------------------------------------------------------------------------------


async def _death(line: Line, verdict: Verdict, line_id: UUID, feed: Feed, tx: Tx) -> Done:
    said = line.said
    command = ReportDeath(
        reference=reference_of(line.key),
        region=said.maybe("region") or feed.region,
        died_on=said.day("died_on"),
        person=Identified(
            name=said.text("name"),
            id_number=said.text("id_number"),
            person_id=verdict.person_id,
        ),
    )
    return await _reported(
        DeathReport, Effect.DEATH_REPORT, line, line_id, partial(report_death, command, tx), tx
    )


async def _birth(line: Line, verdict: Verdict, line_id: UUID, feed: Feed, tx: Tx) -> Done:
    said, number = line.said, line.said.maybe("multiple_index")
    father = None
    if name := said.maybe("father_name"):
        father = Named(
            name=name,
            id_number=said.maybe("father_id_number"),
            person_id=verdict.other_person_id,
        )
    command = ReportBirth(
        reference=reference_of(line.key),
        region=said.maybe("region") or feed.region,
        reporter=ReporterKind.HOSPITAL,
        born_on=said.day("born_on"),
        sex=Sex(said.text("sex")),
        multiple=number is not None,
        multiple_index=int(number) if number else None,
        mother=Identified(
            name=said.text("mother_name"),
            id_number=said.text("mother_id_number"),
            person_id=verdict.person_id,
        ),
        father=father,
        child_name=said.maybe("child_name"),
    )
    return await _reported(
        BirthReport, Effect.BIRTH_REPORT, line, line_id, partial(report_birth, command, tx), tx
    )


async def _marriage(line: Line, verdict: Verdict, line_id: UUID, feed: Feed, tx: Tx) -> Done:
    said = line.said
    command = ReportMarriage(
        reference=reference_of(line.key),
        region=said.maybe("region") or feed.region,
        kind=MarriageKind(said.text("kind")),
        happened_on=said.day("happened_on"),
        spouses=[
            Spouse(
                name=said.text(f"{who}_name"),
                id_number=said.text(f"{who}_id_number"),
                person_id=person_id,
                home_region=said.maybe(f"{who}_home"),
            )
            for who, person_id in (
                ("first", verdict.person_id),
                ("second", verdict.other_person_id),
            )
        ],
    )
    return await _reported(
        MarriageReport,
        Effect.MARRIAGE_REPORT,
        line,
        line_id,
        partial(report_marriage, command, tx),
        tx,
    )


async def _reported(
    model: type[Kind],
    effect: Effect,
    line: Line,
    line_id: UUID,
    reporting: Callable[[], Awaitable[object]],
    tx: Tx,
) -> Done:
    """Report it; a report of the same reference that still waits is sent back first, so that the
    later one takes its place, and a withdrawal puts it back."""
    earlier = await _standing(model, reference_of(line.key), tx)
    undo = None
    if earlier is not None and earlier.status in (ReportStatus.REPORTED, ReportStatus.FOLDED):
        undo = undoing.seal_row(earlier, line_id, tx)
        earlier.folded_into = None
        await send_back(earlier, ReturnReport(reason=_REPLACED), tx)
    await reporting()
    report = await _standing(model, reference_of(line.key), tx)
    if report is None:
        raise RuntimeError("a report that was made is not there")
    folded = report.status == ReportStatus.FOLDED
    return Done(effect, report.id, report.version, folded, undo)


async def _standing(model: type[Kind], reference: str, tx: Tx) -> Kind | None:
    found = await tx.find(
        model,
        f"SELECT * FROM {model.__tablename__}"  # noqa: S608 a table of our own
        " WHERE reporter_org = $1 AND reference = $2 FOR UPDATE",
        tx.actor.org,
        reference,
    )
    return found[0] if found else None


# ---- records -------------------------------------------------------------------------------------


async def _hukou_move(line: Line, verdict: Verdict, line_id: UUID, feed: Feed, tx: Tx) -> Done:
    said = line.said
    if verdict.person_id is None:
        return await _newcomer(said, tx)
    command = CorrectPerson(
        reason="公安户口迁移月报 / monthly feed of the police",
        hukou_region=said.text("to_region"),
        changed_on=said.day("moved_on"),
    )
    return await change(command, verdict.person_id, line_id, tx)


async def _newcomer(said: Said, tx: Tx) -> Done:
    """Somebody whose household register came here and who has no record yet."""
    number = said.text("id_number")
    view = await register_person(
        RegisterPerson(
            name=said.text("name"),
            sex=Sex.MALE if int(number[16]) % 2 else Sex.FEMALE,
            birth_date=born_by(number),
            id_number=number,
            hukou_region=said.text("to_region"),
        ),
        tx,
    )
    return Done(Effect.PERSON_REGISTERED, view.id, view.version)


async def _identity(line: Line, verdict: Verdict, line_id: UUID, feed: Feed, tx: Tx) -> Done:
    said = line.said
    if verdict.person_id is None:
        raise CannotTake(reason="nobody-to-change")
    command = CorrectPerson(
        reason="公安变更月报 / monthly feed of the police",
        name=said.maybe("new_name"),
        id_number=said.maybe("new_id_number"),
        changed_on=said.day("changed_on"),
    )
    return await change(command, verdict.person_id, line_id, tx)


async def change(command: CorrectPerson, person_id: UUID, line_id: UUID, tx: Tx) -> Done:
    """Change a record, and keep what it takes to put it back."""
    person = await require_person(person_id, tx, lock=True)
    before = await undoing.snapshot(person.id, tx)
    view = await correct_person(command, person.id, person.version, tx)
    after = await undoing.snapshot(person.id, tx)
    undo = undoing.seal_change(before, after, line_id, tx)
    return Done(Effect.PERSON_CHANGED, person.id, view.version, undo_sealed=undo)


async def _evidence(line: Line, verdict: Verdict, line_id: UUID, feed: Feed, tx: Tx) -> Done:
    if verdict.person_id is None:
        raise CannotTake(reason="register-the-person-first")
    said = line.said
    note = ResidenceEvidence(
        id=new_id(),
        person_id=verdict.person_id,
        kind=said.meaning,
        region=said.text("region"),
        since=said.day("since"),
        department=feed.department,
        feed_id=feed.id,
        recorded_at=tx.now,
        recorded_by=tx.actor.sub,
    )
    await tx.add(note)
    tx.saw(note.person_id, "residence")
    return Done(Effect.EVIDENCE, note.id)


_TAKEN: Final[dict[Meaning, Callable[[Line, Verdict, UUID, Feed, Tx], Awaitable[Done]]]] = {
    Meaning.DEATH: _death,
    Meaning.BIRTH: _birth,
    Meaning.MARRIAGE: _marriage,
    Meaning.HUKOU_MOVE: _hukou_move,
    Meaning.IDENTITY_CHANGE: _identity,
    Meaning.ENROLMENT: _evidence,
    Meaning.VACCINATION: _evidence,
}
