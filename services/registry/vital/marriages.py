"""Writing marriages and divorces. They are registered by civil affairs already: here they are
matched to persons, and nobody's right to marry is looked at."""

import json
from collections.abc import Sequence
from datetime import date
from uuid import UUID

from services.registry.errors import Implausible, NotMatched
from services.registry.persons.models import Person
from services.registry.vital import reports
from services.registry.vital.models import Marriage, MarriageKind, MarriageReport, ReportStatus
from services.registry.vital.queries import marriage_report_view, place_of, spouses_of
from services.registry.vital.rules import Doubt
from services.registry.vital.schemas import (
    MarriageReportView,
    MarriageView,
    ReportMarriage,
    ReturnReport,
    Spouse,
)
from shared.db import Tx
from shared.events.registry import DivorceRegistered, MarriageRegistered
from shared.ids import new_id


async def report_marriage(command: ReportMarriage, tx: Tx) -> MarriageReportView:
    """Take a report. A second one of the same pair, kind and day is folded into the first. Raises
    AlreadyReported, OutsideJurisdiction, PersonNotFound."""
    earlier = await reports.earlier_report(MarriageReport, command.region, command.reference, tx)
    spouses = [await _matched(each, tx) for each in command.spouses]
    report = MarriageReport(
        id=new_id(),
        reporter_org=tx.actor.org,
        reference=command.reference,
        region=command.region,
        reported_at=tx.now,
        reported_by=tx.actor.sub,
        kind=command.kind,
        happened_on=command.happened_on,
        spouses_sealed=b"",
        pair_index=_pair_index(spouses, tx),
    )
    report.spouses_sealed = _seal(spouses, place_of("marriage_reports.spouses", report), tx)
    first = await _reported_before(report, tx)
    if first is not None:
        report.status = ReportStatus.FOLDED
        report.folded_into, report.event_id = first.id, first.event_id
    await reports.put(report, earlier, tx)
    return marriage_report_view(report, tx)


async def return_marriage_report(
    command: ReturnReport, report_id: UUID, tx: Tx
) -> MarriageReportView:
    """Raises NotFound, ReportClosed."""
    report = await reports.require_open(MarriageReport, report_id, tx)
    await reports.send_back(report, command, tx)
    return marriage_report_view(report, tx)


async def register_marriage(report_id: UUID, tx: Tx) -> MarriageView:
    """Raises NotFound, ReportClosed, NotMatched when a spouse is neither registered here nor named
    with a home elsewhere or when neither is registered here, Implausible."""
    report = await reports.require_open(MarriageReport, report_id, tx)
    spouses, persons = [], []
    for named in spouses_of(report, tx):
        person = await reports.find_person_named(_known_by(named), tx, lock=True)
        _refuse_doubtful(named, person, report.happened_on, tx)
        spouses.append(named.model_copy(update={"person_id": person.id if person else None}))
        persons += [person.id] if person else []
    if not persons:
        raise NotMatched(who="spouses")
    indexes = [_person_index(person_id, tx) for person_id in persons]
    marriage_id = new_id()
    marriage = Marriage(
        id=marriage_id,
        report_id=report.id,
        kind=report.kind,
        region=report.region,
        happened_on=report.happened_on,
        spouses_sealed=_seal(spouses, f"marriages.spouses:{marriage_id}", tx),
        first_index=indexes[0],
        second_index=indexes[1] if len(indexes) > 1 else None,
        registered_at=tx.now,
        registered_by=tx.actor.sub,
    )
    await tx.add(marriage)
    await reports.finish(report, marriage.id, tx)
    tx.emit(_event(marriage, persons))
    for person_id in persons:
        tx.saw(person_id, "marriage")
    return MarriageView(
        **marriage.model_dump(include=set(MarriageView.model_fields)), spouse_ids=persons
    )


async def _matched(spouse: Spouse, tx: Tx) -> Spouse:
    person = await reports.find_person_named(spouse, tx)
    return spouse.model_copy(update={"person_id": person.id if person else None})


def _known_by(spouse: Spouse) -> Spouse:
    """By the record that was matched when it was reported, otherwise by the number."""
    return spouse.model_copy(update={"id_number": None}) if spouse.person_id else spouse


def _refuse_doubtful(named: Spouse, person: Person | None, on: date, tx: Tx) -> None:
    if person is None:
        if named.home_region is None or tx.actor.covers(named.home_region):
            raise NotMatched(who="spouse")
        return
    if person.name != named.name:
        raise Implausible(reason=Doubt.NAME_DIFFERS.value)
    if on <= person.birth_date:
        raise Implausible(reason=Doubt.BEFORE_BIRTH.value)


def _pair_index(spouses: Sequence[Spouse], tx: Tx) -> bytes:
    """The same for both orders, and for a pair named by number or by id of the register."""
    keys = sorted(str(each.person_id or each.id_number or each.name) for each in spouses)
    return tx.vault.index("|".join(keys), "spouses")


def _person_index(person_id: UUID, tx: Tx) -> bytes:
    return tx.vault.index(str(person_id), "spouse")


def _seal(spouses: Sequence[Spouse], place: str, tx: Tx) -> bytes:
    text = json.dumps([each.model_dump(mode="json") for each in spouses], ensure_ascii=False)
    return tx.vault.seal(text, place)


async def _reported_before(report: MarriageReport, tx: Tx) -> MarriageReport | None:
    await tx.execute(
        "SELECT pg_advisory_xact_lock($1)",
        int.from_bytes(report.pair_index[:8], "big", signed=True),
    )
    found = await tx.find(
        MarriageReport,
        "SELECT * FROM marriage_reports WHERE status IN ('reported', 'registered')"
        " AND pair_index = $1 AND kind = $2 AND happened_on = $3"
        " AND NOT (reporter_org = $4 AND reference = $5) ORDER BY id LIMIT 1 FOR UPDATE",
        report.pair_index,
        report.kind,
        report.happened_on,
        report.reporter_org,
        report.reference,
    )
    return found[0] if found else None


def _event(marriage: Marriage, spouse_ids: list[UUID]) -> MarriageRegistered | DivorceRegistered:
    if marriage.kind == MarriageKind.MARRIAGE:
        return MarriageRegistered(
            marriage_id=marriage.id,
            spouse_ids=spouse_ids,
            region=marriage.region,
            married_on=marriage.happened_on,
            registered_at=marriage.registered_at,
        )
    return DivorceRegistered(
        marriage_id=marriage.id,
        spouse_ids=spouse_ids,
        region=marriage.region,
        divorced_on=marriage.happened_on,
        registered_at=marriage.registered_at,
    )
