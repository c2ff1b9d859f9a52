"""What the registry says of vital events (人口变动): births, deaths, marriages and divorces."""

from datetime import date, datetime
from uuid import UUID

from shared.events.base import Event, Personal


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


class BirthCorrected(Event, key="birth_id"):
    """A registered birth was corrected, or its child named (更正、变更). Names the fields, not
    their values, but for the day, which timeliness and dates that follow from it need."""

    birth_id: UUID
    child_id: UUID
    mother_id: UUID
    region: str
    born_on: date
    fields: list[str]


class BirthAnnulled(Event, key="birth_id"):
    """A birth was registered in error, or twice (撤销出生登记): `child_id` is nobody, or was merged
    into the record of the other registration, which `PersonsMerged` says."""

    birth_id: UUID
    child_id: UUID
    mother_id: UUID
    region: str
    annulled_at: datetime


class BirthReinstated(Event, key="birth_id"):
    """The annulment of a birth was itself an error: it stands (恢复出生登记)."""

    birth_id: UUID
    child_id: UUID
    mother_id: UUID
    region: str
    born_on: date


class DeathRegistered(Event, key="person_id"):
    """A death was entered in the civil register (死亡登记); the cause is not told."""

    death_id: UUID
    person_id: UUID
    region: str
    died_on: date
    registered_at: datetime
    days: int


class DeathCorrected(Event, key="person_id"):
    """Day or place of a registered death was corrected (更正)."""

    death_id: UUID
    person_id: UUID
    region: str
    died_on: date
    fields: list[str]


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


class MarriageCorrected(Event, key="marriage_id"):
    """Day, place or spouses of a registered marriage or divorce (`kind`) were corrected (更正)."""

    marriage_id: UUID
    spouse_ids: list[UUID]
    kind: str
    region: str
    happened_on: date
    fields: list[str]


class MarriageAnnulled(Event, key="marriage_id"):
    """A registered marriage or divorce (`kind`) does not stand (撤销、无效), as if it had never
    been."""

    marriage_id: UUID
    spouse_ids: list[UUID]
    kind: str
    region: str
    annulled_at: datetime


class MarriageReinstated(Event, key="marriage_id"):
    """The annulment of a marriage or divorce was itself an error: it stands (恢复)."""

    marriage_id: UUID
    spouse_ids: list[UUID]
    kind: str
    region: str
    happened_on: date
