"""Tables: the facts as they came, and the running tallies that indicators read.

Both carry two areas. `area` is the place judged and may be another county's: we judge the
neighbour as it judges us (双向考核). `observer` is the place that saw it, always ours. Jurisdiction
(row-level security) therefore goes by `observer`: whoever is responsible for the observing county
sees all it saw, wherever the judged place lies, and nobody else sees anything. An office that is
judged sees its figures through its scorecard, not here.

No column tells of a person. `about` is a keyed hash of the record that the fact speaks of (an
inquiry, a notice, a birth entry), so that a later fact about the same record replaces the earlier
one, amends it or takes it back; it leads back to nothing.
"""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, Column, Computed, Index, SmallInteger, String
from sqlmodel import Field

from services.assessment.base import Row
from shared.columns import Timestamp


class Fact(Row, table=True):
    """What an event said about a record: that it counts, or that it is amended, taken back or
    restored (`role`, folding.py). Of those of a kind about one record only the `current` counts,
    with what the others amended in its columns, in whatever order they came. `said_area` is the
    code as it was said, `area` the one it is counted under (areas.py). A row that counts nothing
    has an `n` of 0."""

    __tablename__ = "facts"
    __table_args__ = (
        Index("facts_current", "kind", "about", unique=True, postgresql_where="current"),
        Index("facts_about", "kind", "about"),
        Index("facts_day", "day"),
    )

    event_id: str = Field(primary_key=True)
    part: int = Field(primary_key=True, sa_type=SmallInteger)
    kind: str
    about: bytes
    outcome: str
    area: str
    observer: str
    office: str
    day: date
    n: int
    measure: int | None = None
    happened_at: datetime = Field(sa_type=Timestamp)
    current: bool
    role: str
    source: bytes
    said_area: str
    since: date | None = None


class Tally(Row, table=True):
    """How often it happened in a `span` ("day", or "month" beginning with `day`): `n` facts, of
    which `measured` carry a measure, together `sum_measure`. Kept by the transaction that records
    the facts. Periods are whole months, so indicators read months and evidence reads days."""

    __tablename__ = "tallies"
    __table_args__ = (
        Index("tallies_span", "span", "kind", "day"),
        Index("tallies_county", "span", "county", "kind", "day"),
    )

    kind: str = Field(primary_key=True)
    outcome: str = Field(primary_key=True)
    area: str = Field(primary_key=True)
    observer: str = Field(primary_key=True)
    office: str = Field(primary_key=True)
    span: str = Field(primary_key=True)
    day: date = Field(primary_key=True)
    n: int = Field(sa_type=BigInteger)
    measured: int = Field(sa_type=BigInteger)
    sum_measure: int = Field(sa_type=BigInteger)
    # by which the rows of an area are found: a function of `area` would be no use behind
    # row-level security, which lets only what cannot leak be asked of an index
    county: str = Field(sa_column=Column(String, Computed('"left"(area, 6)', persisted=True)))


class AreaPair(Row, table=True):
    """A line of a change of the map (区划调整): from `effective_on` on, what was recorded under
    `from_area` is under `to_area`, which is called `name` from then on."""

    __tablename__ = "area_changes"

    change_id: UUID = Field(primary_key=True)
    place: int = Field(primary_key=True)
    kind: str
    effective_on: date
    from_area: str | None = None
    to_area: str | None = None
    name: str | None = None
    reverses: UUID | None = None


class SettledInquiry(Row, table=True):
    """An inquiry that was closed (协查结案), and whether what the asked `area` had said was right:
    where two sides differ, these are the inquiries that settled it. It is known by its id alone;
    what it is about is the exchange's."""

    __tablename__ = "settled_inquiries"
    __table_args__ = (Index("settled_inquiries_area", "area", "day"),)

    inquiry_id: UUID = Field(primary_key=True)
    observer: str
    area: str
    kind: str
    day: date
    correct: bool
    happened_at: datetime = Field(sa_type=Timestamp)


class AreaLine(Row, table=True):
    """`earlier` became `area` as a whole: what was counted there is the area's own past."""

    __tablename__ = "area_lines"

    area: str = Field(primary_key=True)
    earlier: str = Field(primary_key=True)
