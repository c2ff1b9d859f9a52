"""Writing marriages and divorces. They are registered by civil affairs already: here they are
matched to persons, and nobody's right to marry is looked at."""

from collections.abc import Sequence
from uuid import UUID

from services.registry.persons.models import Person
from services.registry.tasks.handlers import open_task
from services.registry.tasks.models import TaskKind
from services.registry.tasks.schemas import OpenTask
from services.registry.vital import reports
from services.registry.vital.errors import NotMatched, NotYours
from services.registry.vital.models import (
    Marriage,
    MarriageKind,
    MarriageReport,
    ReportStatus,
)
from services.registry.vital.queries import marriage_report_view, marriage_view, spouses_of
from services.registry.vital.rules import Doubt, doubts_about_spouse
from services.registry.vital.schemas import (
    Confirmation,
    MarriageReportView,
    MarriageView,
    ReportMarriage,
    ReturnReport,
    Spouse,
)
from services.registry.vital.unions import (
    married_to_another,
    seal_spouses,
    spouse_index,
    warnings_about,
)
from shared.db import Tx
from shared.events.registry_vital import DivorceRegistered, MarriageRegistered
from shared.ids import new_id


async def report_marriage(command: ReportMarriage, tx: Tx) -> MarriageReportView:
    """Take a report. A second one of the same pair, kind and day is folded into the first. One of
    somebody who is married to another becomes a task. Raises AlreadyReported, OutsideJurisdiction,
    PersonNotFound; NotYours when a person reports a marriage that is not her own, or that civil
    affairs here has registered itself."""
    reporter = await reports.reporter_of(command, tx)
    earlier = await reports.earlier_report(MarriageReport, command, reporter, tx)
    spouses = [await _matched(each, tx) for each in command.spouses]
    if reporter.person_id is not None and (
        not command.abroad or reporter.person_id not in {each.person_id for each in spouses}
    ):
        raise NotYours()
    report = MarriageReport(
        id=new_id(),
        **reports.common(command, reporter, tx),
        kind=command.kind,
        happened_on=command.happened_on,
        abroad=command.abroad,
        spouses_sealed=b"",
        pair_index=pair_index(spouses, tx),
    )
    reports.seal_said(report, command, {}, tx)  # the spouses are sealed whole
    report.spouses_sealed = seal_spouses(spouses, reports.place_of("spouses", report), tx)
    await reports.serialise(report.pair_index, tx)
    first = await reported_before(report, tx)
    if first is not None:
        report.status = ReportStatus.FOLDED
        report.folded_into, report.event_id = first.id, first.event_id
    await reports.put(report, earlier, tx)
    if first is None and Doubt.MARRIED_ALREADY in await warnings_about(report, spouses, tx):
        await _ask_about(report, tx)
    return await marriage_report_view(report, tx)


async def return_marriage_report(
    command: ReturnReport, report_id: UUID, tx: Tx
) -> MarriageReportView:
    """Raises NotFound, ReportClosed."""
    report = await reports.require_open(MarriageReport, report_id, tx)
    await reports.send_back(report, command, tx)
    return await marriage_report_view(report, tx)


async def register_marriage(
    report_id: UUID, tx: Tx, command: Confirmation | None = None
) -> MarriageView:
    """Raises NotFound, ReportClosed, NotMatched when a spouse is neither registered here nor named
    with a home elsewhere or when neither is registered here, Implausible."""
    command = command or Confirmation()
    report = await reports.require_open(MarriageReport, report_id, tx)
    spouses, persons = await matched_spouses(report, spouses_of(report, tx), command.confirmed, tx)
    marriage_id = new_id()
    marriage = Marriage(
        id=marriage_id,
        report_id=report.id,
        kind=report.kind,
        region=report.region,
        happened_on=report.happened_on,
        abroad=report.abroad,
        spouses_sealed=seal_spouses(spouses, f"marriages.spouses:{marriage_id}", tx),
        first_index=spouse_index(persons[0], tx),
        second_index=spouse_index(persons[1], tx) if len(persons) > 1 else None,
        confirmed=[each.value for each in command.confirmed],
        registered_at=tx.now,
        registered_by=tx.actor.sub,
        registered_org=tx.actor.org,
    )
    await tx.add(marriage)
    await reports.finish(report, marriage.id, tx)
    tx.emit(_event(marriage, persons))
    return await marriage_view(marriage, persons, tx)


async def matched_spouses(
    event: MarriageReport | Marriage,
    named: Sequence[Spouse],
    confirmed: Sequence[Doubt],
    tx: Tx,
) -> tuple[list[Spouse], list[UUID]]:
    """The two, with the ids of those registered here. Raises NotMatched, Implausible."""
    spouses: list[Spouse] = []
    doubts: list[Doubt] = []
    for each in named:
        person = await reports.find_person_named(_known_by(each), tx, lock=True)
        if person is None:
            _require_home_elsewhere(each, tx)
        else:
            doubts += await _doubts(each, person, event, tx)
        spouses.append(each.model_copy(update={"person_id": person.id if person else None}))
    persons = [each.person_id for each in spouses if each.person_id is not None]
    if not persons:
        raise NotMatched(who="spouses")
    if len(persons) > len(set(persons)):
        doubts.append(Doubt.ONE_PERSON_TWICE)
    if event.kind == MarriageKind.MARRIAGE and Doubt.MARRIED_ALREADY not in confirmed:
        doubts += await _other_marriages(spouses, event, tx)
    reports.refuse_unresolved(doubts, confirmed)
    return spouses, persons


def pair_index(spouses: Sequence[Spouse], tx: Tx) -> bytes:
    """The same for both orders, and for a pair named by number or by id of the register."""
    keys = sorted(str(each.person_id or each.id_number or each.name) for each in spouses)
    return tx.vault.index("|".join(keys), "spouses")


async def reported_before(report: MarriageReport, tx: Tx) -> MarriageReport | None:
    """The first report of the same that was not returned, nor found to be of another pair."""
    found = await tx.find(
        MarriageReport,
        "SELECT * FROM marriage_reports WHERE status IN ('reported', 'registered')"
        " AND pair_index = $1 AND kind = $2 AND happened_on = $3"
        " AND NOT (reporter_org = $4 AND reference = $5) AND id <> ALL($6::uuid[])"
        " ORDER BY id LIMIT 1 FOR UPDATE",
        report.pair_index,
        report.kind,
        report.happened_on,
        report.reporter_org,
        report.reference,
        report.apart_from,
    )
    return found[0] if found else None


async def _matched(spouse: Spouse, tx: Tx) -> Spouse:
    person = await reports.find_person_named(spouse, tx)
    return spouse.model_copy(update={"person_id": person.id if person else None})


def _known_by(spouse: Spouse) -> Spouse:
    """By the record that was matched when it was reported, otherwise by the number."""
    return spouse.model_copy(update={"id_number": None}) if spouse.person_id else spouse


def _require_home_elsewhere(named: Spouse, tx: Tx) -> None:
    away = named.home_region is not None and not tx.actor.covers(named.home_region)
    if not (named.foreigner or away):
        raise NotMatched(who="spouse")


async def _doubts(
    named: Spouse, person: Person, event: MarriageReport | Marriage, tx: Tx
) -> list[Doubt]:
    return doubts_about_spouse(
        await reports.recorded(person, tx), reported_name=named.name, on=event.happened_on
    )


async def _other_marriages(
    spouses: Sequence[Spouse], event: MarriageReport | Marriage, tx: Tx
) -> list[Doubt]:
    for spouse, other in zip(spouses, reversed(spouses), strict=True):
        if spouse.person_id and await married_to_another(
            spouse.person_id, other, event.happened_on, tx, besides=event.id
        ):
            return [Doubt.MARRIED_ALREADY]
    return []


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


async def _ask_about(report: MarriageReport, tx: Tx) -> None:
    """Leave a doubt for a clerk; she reads the rest in the report."""
    await open_task(
        OpenTask(
            kind=TaskKind.VITAL_DOUBT,
            source="marriage-report",
            source_id=report.id,
            region=report.region,
            happened_on=report.happened_on,
        ),
        tx,
    )
