"""What the registry (人口登记) says."""

from datetime import date, datetime
from uuid import UUID

from shared.events.base import Event, Personal


class PersonRegistered(Event, key="person_id"):
    """A person was entered in the register (人员登记)."""

    person_id: UUID
    hukou_region: str
    residence_region: str | None
    residence_kind: str | None
    registered_on: date


class PersonCorrected(Event, key="person_id"):
    """Fields of a record were corrected (更正). Names the fields, not their values."""

    person_id: UUID
    region: str
    fields: list[str]


class PersonsMerged(Event, key="kept_id"):
    """Two records are of one person (合并): references to `merged_id` now mean `kept_id`."""

    kept_id: UUID
    merged_id: UUID


class PersonsSeparated(Event, key="kept_id"):
    """A merge was wrong and is undone (撤销合并): `merged_id` is a person of her own again. What
    was recorded under it before the merge belongs to it again, as far as a service can tell."""

    kept_id: UUID
    merged_id: UUID


class ResidenceChanged(Event, key="person_id"):
    """A person lives elsewhere than before (居住地变更). Regions are codes of 2 to 12 digits."""

    person_id: UUID
    from_region: str | None
    to_region: str
    kind: str
    since: date


class ResidenceEnded(Event, key="person_id"):
    """A person left the place she lived in, and where she lives now is not known (离开)."""

    person_id: UUID
    region: str
    ended_on: date


class RosterImported(Event, key="import_id"):
    """A file was imported (花名册导入): how many lines were taken and how many refused."""

    import_id: UUID
    kind: str
    region: str
    accepted: int
    rejected: int


class BirthReported(Event, key="report_id"):
    """A hospital, office or person reported a birth (出生报告)."""

    report_id: UUID
    region: str
    reporter_org: str
    born_on: date


class BirthRegistered(Event, key="birth_id"):
    """A birth was entered in the civil register (出生登记).

    `days` counts from birth to registration, for the office's timeliness. `mother_home_region`
    is set when the mother's household register is in another county, which then learns of it.
    """

    birth_id: UUID
    child_id: UUID
    mother_id: UUID
    region: str
    born_on: date
    registered_at: datetime
    days: int
    mother_home_region: str | None = None
    mother_id_number: Personal | None = None


class DeathRegistered(Event, key="person_id"):
    """A death was entered in the civil register (死亡登记); the cause is not told."""

    death_id: UUID
    person_id: UUID
    region: str
    died_on: date
    registered_at: datetime
    days: int


class DeathAnnulled(Event, key="person_id"):
    """A death was registered in error and is taken back (撤销死亡登记)."""

    death_id: UUID
    person_id: UUID
    region: str
    annulled_at: datetime


class MarriageRegistered(Event, key="marriage_id"):
    """A marriage was entered (婚姻登记)."""

    marriage_id: UUID
    spouse_ids: list[UUID]
    region: str
    married_on: date
    registered_at: datetime


class DivorceRegistered(Event, key="marriage_id"):
    """A divorce was entered (离婚登记). `marriage_id` is the record of the divorce itself."""

    marriage_id: UUID
    spouse_ids: list[UUID]
    region: str
    divorced_on: date
    registered_at: datetime
