"""What the registry's events say as counted facts. Pure."""

from datetime import date, datetime
from typing import Final

from services.assessment.facts.areas import AreaChange
from services.assessment.facts.folding import timely
from services.assessment.facts.kinds import KINDS, Kind
from services.assessment.facts.rules import (
    amended,
    area_of,
    china_day,
    days_between,
    outcome_of,
    restored,
    taken_back,
)
from services.assessment.facts.schemas import RecordFact
from shared.events.registry import (
    ArrivalDoubted,
    BlindZoneFound,
    FeedReconciled,
    FeedWithdrawn,
    PersonCorrected,
    RecordUseCounted,
    RegionsChanged,
    RosterImported,
)
from shared.events.registry_vital import (
    BirthAnnulled,
    BirthCorrected,
    BirthRegistered,
    BirthReinstated,
    DeathAnnulled,
    DeathCorrected,
    DeathRegistered,
    DivorceRegistered,
    MarriageAnnulled,
    MarriageCorrected,
    MarriageRegistered,
    MarriageReinstated,
)

_FEED_LINES: Final = ("new", "changed", "unchanged", "conflicting", "rejected")


def birth_registered(event: BirthRegistered, home: str, at: datetime) -> list[RecordFact]:
    return [
        RecordFact(
            Kind.BIRTH_REGISTERED,
            timely(event.days),
            area_of(event.region),
            china_day(event.registered_at),
            str(event.birth_id),
            measure=event.days,
        )
    ]


def death_registered(event: DeathRegistered, home: str, at: datetime) -> list[RecordFact]:
    return [
        RecordFact(
            Kind.DEATH_REGISTERED,
            timely(event.days),
            area_of(event.region),
            china_day(event.registered_at),
            str(event.death_id),
            measure=event.days,
        )
    ]


def roster_imported(event: RosterImported, home: str, at: datetime) -> list[RecordFact]:
    area, record = area_of(event.region), str(event.import_id)
    counts = (("accepted", event.accepted), ("rejected", event.rejected))
    return [
        RecordFact(
            Kind.ROSTER_LINE, outcome, area, china_day(at), f"{record}:{outcome}", count=count
        )
        for outcome, count in counts
        if count > 0
    ]


def birth_corrected(event: BirthCorrected, home: str, at: datetime) -> list[RecordFact]:
    area, record = area_of(event.region), str(event.birth_id)
    return [amended(Kind.BIRTH_REGISTERED, area, china_day(at), record, since=event.born_on)]


def birth_annulled(event: BirthAnnulled, home: str, at: datetime) -> list[RecordFact]:
    area, record = area_of(event.region), str(event.birth_id)
    return [taken_back(Kind.BIRTH_REGISTERED, area, china_day(at), record)]


def birth_reinstated(event: BirthReinstated, home: str, at: datetime) -> list[RecordFact]:
    kind, area, day = Kind.BIRTH_REGISTERED, area_of(event.region), china_day(at)
    record = str(event.birth_id)
    return [
        restored(kind, area, day, record),
        amended(kind, area, day, record, since=event.born_on),
    ]


def death_corrected(event: DeathCorrected, home: str, at: datetime) -> list[RecordFact]:
    area, record = area_of(event.region), str(event.death_id)
    return [amended(Kind.DEATH_REGISTERED, area, china_day(at), record, since=event.died_on)]


def death_annulled(event: DeathAnnulled, home: str, at: datetime) -> list[RecordFact]:
    area, record = area_of(event.region), str(event.death_id)
    return [taken_back(Kind.DEATH_REGISTERED, area, china_day(at), record)]


def marriage_registered(
    event: MarriageRegistered | DivorceRegistered, home: str, at: datetime
) -> list[RecordFact]:
    return [
        RecordFact(
            Kind.MARRIAGE_REGISTERED,
            "divorce" if isinstance(event, DivorceRegistered) else "marriage",
            area_of(event.region),
            china_day(event.registered_at),
            str(event.marriage_id),
        )
    ]


def marriage_corrected(event: MarriageCorrected, home: str, at: datetime) -> list[RecordFact]:
    area, record = area_of(event.region), str(event.marriage_id)
    return [amended(Kind.MARRIAGE_REGISTERED, area, china_day(at), record)]


def marriage_annulled(event: MarriageAnnulled, home: str, at: datetime) -> list[RecordFact]:
    area, record = area_of(event.region), str(event.marriage_id)
    return [taken_back(Kind.MARRIAGE_REGISTERED, area, china_day(at), record)]


def marriage_reinstated(event: MarriageReinstated, home: str, at: datetime) -> list[RecordFact]:
    kind, area, day = Kind.MARRIAGE_REGISTERED, area_of(event.region), china_day(at)
    record = str(event.marriage_id)
    return [restored(kind, area, day, record), amended(kind, area, day, record)]


def person_corrected(event: PersonCorrected, home: str, at: datetime) -> list[RecordFact]:
    """A change of life counts by how soon it was entered, a correction only as one. Each is a fact
    of its own; the person's id is not taken over, so no record."""
    area, day = area_of(event.region), china_day(at)
    if event.changed_on is None:
        return [RecordFact(Kind.RECORD_CORRECTED, "corrected", area, day, "")]
    days = days_between(event.changed_on, at)
    return [RecordFact(Kind.RECORD_UPDATED, timely(days), area, day, "", measure=days)]


def feed_reconciled(event: FeedReconciled, home: str, at: datetime) -> list[RecordFact]:
    """The lines of the batch judge the department; what the register has of the month's events and
    the department has not, or the other way round, judges the entry. A month sent twice is one."""
    area, compared = area_of(event.region), _compared(event.kind)
    counts = [(Kind.FEED_LINE, outcome, getattr(event, outcome)) for outcome in _FEED_LINES] + [
        (compared, "in_both", event.in_both),
        (compared, "only_there", event.only_there),
    ]
    if compared == Kind.BIRTH_COMPARED:  # of others a department need not know
        counts.append((compared, "only_here", event.only_here or 0))
    return [
        RecordFact(
            kind,
            outcome,
            area,
            event.month,
            _feed_record(event, outcome),
            office=outcome_of(event.department),
            count=count,
            source=str(event.feed_id),
        )
        for kind, outcome, count in counts
    ]


def feed_withdrawn(event: FeedWithdrawn, home: str, at: datetime) -> list[RecordFact]:
    area, compared = area_of(event.region), _compared(event.kind)
    kinds = [(Kind.FEED_LINE, outcome) for outcome in _FEED_LINES]
    kinds += [(compared, outcome) for outcome in KINDS[compared].outcomes]
    return [
        taken_back(kind, area, event.month, _feed_record(event, outcome), str(event.feed_id))
        for kind, outcome in kinds
    ]


def _compared(meaning: str) -> Kind:
    return Kind.BIRTH_COMPARED if meaning == "birth" else Kind.RECORD_COMPARED


def _feed_record(event: FeedReconciled | FeedWithdrawn, outcome: str) -> str:
    """The month of a department, so that a batch sent again is about the same."""
    return f"{event.department}:{event.kind}:{event.region}:{event.month}:{outcome}"


def arrival_doubted(event: ArrivalDoubted, home: str, at: datetime) -> list[RecordFact]:
    doubt, area = outcome_of(event.doubt), area_of(event.region)
    return [RecordFact(Kind.ARRIVAL_DOUBTED, doubt, area, china_day(at), str(event.arrival_id))]


def blind_zone_found(event: BlindZoneFound, home: str, at: datetime) -> list[RecordFact]:
    finding, area = outcome_of(event.finding), area_of(event.region)
    return [RecordFact(Kind.BLIND_ZONE_FOUND, finding, area, event.found_on, str(event.zone_id))]


def record_use_counted(event: RecordUseCounted, home: str, at: datetime) -> list[RecordFact]:
    """By area and month, on the first of the month the records were entered in: a later count of
    the same month replaces each."""
    day = date.fromisoformat(f"{event.month}-01")
    return [
        RecordFact(
            Kind.RECORD_USE,
            outcome,
            area_of(each.region),
            day,
            f"{event.month}:{each.region}:{outcome}",
            count=count,
        )
        for each in event.areas
        for outcome, count in (("used", each.used), ("unused", each.entered - each.used))
    ]


def regions_changed(event: RegionsChanged) -> AreaChange:
    pairs = tuple((each.from_region, each.to_region) for each in event.pairs)
    names = tuple(
        (each.to_region, each.name) for each in event.pairs if each.to_region and each.name
    )
    return AreaChange(event.change_id, event.kind, event.effective_on, pairs, event.reverses, names)
