"""Histories of records as services tell them, each with the one right content of the store. What
is right is worked out beside the events, step by step, and knows nothing of how facts are kept."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import NamedTuple

from hypothesis import strategies as st

from services.assessment.facts.kinds import Kind
from shared.events.base import Event
from shared.events.migrant import (
    ArrivalAnnulled,
    EmploymentCorrected,
    EmploymentEnded,
    EmploymentFiled,
    EmploymentWithdrawn,
    HelpOverdue,
    HelpSettled,
    MigrantArrived,
    ServiceDelivered,
    ServiceRecordAnnulled,
    StayCorrected,
)
from shared.events.registry import FeedReconciled, FeedWithdrawn, RegionPair, RegionsChanged
from shared.events.registry_vital import (
    BirthAnnulled,
    BirthCorrected,
    BirthRegistered,
    BirthReinstated,
    MarriageAnnulled,
    MarriageCorrected,
    MarriageRegistered,
    MarriageReinstated,
)
from shared.ids import new_id
from tests.assessment.samples import HOME, NOON, PEER

OLD, NEW, OTHER = "420325101", "420325111", "420325102"
NEW_MAP_ON = date(2026, 9, 16)
TODAY = NOON.date()


class Row(NamedTuple):
    """A counted fact: what a tally is made of."""

    kind: Kind
    outcome: str
    area: str
    day: date
    n: int = 1
    measure: int | None = None


@dataclass
class History:
    """What happened to a record, in that order, and what counts in the end."""

    events: list[Event] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)


def placed(row: Row, new_map: bool) -> Row:
    """With the new map, OLD is called NEW from its day on."""
    if not new_map or row.area not in (OLD, NEW):
        return row
    return row._replace(area=NEW if row.day >= NEW_MAP_ON else OLD)


def the_map_changes() -> RegionsChanged:
    return RegionsChanged(
        change_id=new_id(),
        kind="move",
        county=HOME,
        document="test",
        effective_on=NEW_MAP_ON,
        pairs=[RegionPair(from_region=OLD, to_region=NEW, name="新镇")],
    )


areas = st.sampled_from([OLD, NEW, OTHER])
days = st.dates(date(2026, 8, 20), date(2026, 10, 10))
steps = st.lists(st.sampled_from(["correct", "annul", "reinstate"]), max_size=4)


@st.composite
def births(draw: st.DrawFn) -> History:
    area, born = draw(areas), draw(days)
    who = {"birth_id": new_id(), "child_id": new_id(), "mother_id": new_id()}
    events: list[Event] = [
        BirthRegistered(
            region=area, born_on=born, registered_at=NOON, days=(TODAY - born).days, **who
        )
    ]
    stands = True
    for step in draw(steps):
        if step == "correct" and stands:
            area, born = draw(areas), draw(days)
            events.append(BirthCorrected(region=area, born_on=born, fields=["born_on"], **who))
        elif step == "annul" and stands:
            events.append(BirthAnnulled(region=area, annulled_at=NOON, **who))
            stands = False
        elif step == "reinstate" and not stands:
            events.append(BirthReinstated(region=area, born_on=born, **who))
            stands = True
    waited = (TODAY - born).days
    outcome = "within_30_days" if waited <= 30 else "later"
    row = Row(Kind.BIRTH_REGISTERED, outcome, area, TODAY, 1, waited)
    return History(events, [row] if stands else [])


@st.composite
def marriages(draw: st.DrawFn) -> History:
    area, day = draw(areas), draw(days)
    who = {"marriage_id": new_id(), "spouse_ids": [new_id(), new_id()]}
    changed = {"kind": "marriage", **who}
    events: list[Event] = [
        MarriageRegistered(region=area, married_on=day, registered_at=NOON, **who)
    ]
    stands = True
    for step in draw(steps):
        if step == "correct" and stands:
            area = draw(areas)
            events.append(
                MarriageCorrected(region=area, happened_on=day, fields=["region"], **changed)
            )
        elif step == "annul" and stands:
            events.append(MarriageAnnulled(region=area, annulled_at=NOON, **changed))
            stands = False
        elif step == "reinstate" and not stands:
            events.append(MarriageReinstated(region=area, happened_on=day, **changed))
            stands = True
    row = Row(Kind.MARRIAGE_REGISTERED, "marriage", area, TODAY)
    return History(events, [row] if stands else [])


@st.composite
def stays(draw: st.DrawFn) -> History:
    area, day, origin = draw(areas), draw(days), draw(st.sampled_from([PEER, OTHER]))
    who = {"arrival_id": new_id(), "person_id": new_id()}
    events: list[Event] = [
        MigrantArrived(
            region=area,
            origin_region=origin,
            arrived_on=day,
            stay_purpose="work",
            name="王芳",
            id_number="42032519900101122X",
            **who,
        )
    ]
    for _ in range(draw(st.integers(0, 3))):
        was = {"was_region": area, "was_arrived_on": day}
        area, day, origin = draw(areas), draw(days), draw(st.sampled_from([PEER, OTHER]))
        now = {"region": area, "arrived_on": day, "origin_region": origin}
        events.append(
            StayCorrected(until=None, room_id=None, fields=["region"], **was, **now, **who)
        )
    row = Row(Kind.MIGRANT_ARRIVED, "from_here" if origin == OTHER else "from_elsewhere", area, day)
    if not draw(st.booleans()):
        return History(events, [row])
    annulled = ArrivalAnnulled(
        region=area, arrived_on=day, annulled_at=NOON, resumed_id=None, **who
    )
    return History([*events, annulled], [])


@st.composite
def services(draw: st.DrawFn) -> History:
    area, day = draw(areas), draw(days)
    record = {
        "record_id": new_id(),
        "region": area,
        "office": "desk",
        "service": "advice",
        "delivered_on": day,
        "resident_kind": "migrant",
    }
    events: list[Event] = [ServiceDelivered(person_id=new_id(), **record)]
    if draw(st.booleans()):
        return History([*events, ServiceRecordAnnulled(reason="mistake", **record)], [])
    return History(events, [Row(Kind.SERVICE_DELIVERED, "migrant", area, day)])


@st.composite
def employments(draw: st.DrawFn) -> History:
    area, begun = draw(areas), draw(days)
    ended: date | None = None
    who = {"employment_id": new_id(), "person_id": new_id(), "region": area}
    coded = {"employer_code": "x", **who}
    events: list[Event] = [EmploymentFiled(started_on=begun, **coded)]
    for step in draw(st.lists(st.sampled_from(["end", "correct", "goes-on"]), max_size=4)):
        if step == "end" and ended is None:
            ended = draw(days)
            events.append(EmploymentEnded(ended_on=ended, **coded))
        elif step != "end":
            begun = draw(days)
            ended = draw(days) if step == "correct" else None
            events.append(EmploymentCorrected(started_on=begun, ended_on=ended, **coded))
    if draw(st.booleans()):
        return History([*events, EmploymentWithdrawn(**who)], [])
    rows = [Row(Kind.EMPLOYMENT_FILED, "filed", area, begun)]
    if ended is not None:
        rows.append(Row(Kind.EMPLOYMENT_ENDED, "ended", area, ended))
    return History(events, rows)


@st.composite
def requests(draw: st.DrawFn) -> History:
    area, due = draw(areas), draw(days)
    request = {"request_id": new_id(), "region": area}
    events: list[Event] = []
    rows: list[Row] = []
    if draw(st.booleans()):
        events.append(HelpOverdue(office="desk", kind="settlement", due_on=due, days=1, **request))
        rows = [Row(Kind.HELP_SETTLED, "overdue", area, due)]
    for in_time in draw(st.lists(st.booleans(), max_size=2)):  # the second after a review
        events.append(
            HelpSettled(
                department="wages", category="pay", in_time=in_time, satisfied=None, **request
            )
        )
        rows = [Row(Kind.HELP_SETTLED, "in_time" if in_time else "late", area, TODAY)]
    return History(events, rows)


@st.composite
def months(draw: st.DrawFn) -> History:
    """A department sends one month once, twice or three times; some batches are withdrawn."""
    area, month = draw(areas), draw(st.sampled_from([date(2026, 8, 1), date(2026, 10, 1)]))
    department = f"health-{new_id().hex[-8:]}"  # of this history alone: a month sent twice is one
    about = {"department": department, "kind": "birth", "region": area, "month": month}
    events: list[Event] = []
    rows: list[Row] | None = None  # of the first batch that stands, which may say nothing
    withdrawn: list[Event] = []
    for _ in range(draw(st.integers(1, 3))):
        lines = {
            name: draw(st.integers(0, 3))
            for name in ("new", "changed", "unchanged", "conflicting", "rejected")
        }
        sides = {name: draw(st.integers(0, 3)) for name in ("in_both", "only_there", "only_here")}
        feed_id = new_id()
        events.append(FeedReconciled(feed_id=feed_id, **about, **lines, **sides))
        if draw(st.booleans()):
            withdrawn.append(FeedWithdrawn(feed_id=feed_id, restored=1, left_over=0, **about))
        elif rows is None:
            rows = [Row(Kind.FEED_LINE, *each) for each in _counted(lines, area, month)]
            rows += [Row(Kind.BIRTH_COMPARED, *each) for each in _counted(sides, area, month)]
    return History(events + withdrawn, rows or [])


def _counted(counts: dict[str, int], area: str, day: date) -> list[tuple[str, str, date, int]]:
    return [(outcome, area, day, n) for outcome, n in counts.items() if n]


@dataclass
class Story:
    """Events with the moment and the id of each, in the order they happened, and in the order and
    as often as they arrive; and what counts in the end."""

    happened: list[tuple[datetime, str, Event]]
    arriving: list[tuple[datetime, str, Event]]
    rows: list[Row]


@st.composite
def stories(draw: st.DrawFn) -> Story:
    one = st.one_of(births(), marriages(), stays(), services(), employments(), requests(), months())
    told = draw(st.lists(one, min_size=1, max_size=3, unique_by=id))
    new_map = draw(st.booleans())
    events = [event for each in told for event in each.events]
    if new_map:
        events.append(the_map_changes())
    happened = [
        (NOON + timedelta(minutes=minute), f"event-{minute}", event)
        for minute, event in enumerate(events)
    ]
    rows = [placed(row, new_map) for each in told for row in each.rows]
    return Story(happened, draw(st.permutations(happened * 2)), rows)
