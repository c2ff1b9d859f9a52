"""What the registry (人口登记) says."""

from collections.abc import Iterable
from datetime import date
from hashlib import sha256
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from shared.events.base import Event, Personal


class PersonRegistered(Event, key="person_id"):
    """A person was entered in the register (人员登记)."""

    person_id: UUID
    hukou_region: str
    residence_region: str | None
    residence_kind: str | None
    registered_on: date


class ArrivalDoubted(Event, key="person_id"):
    """What the desk wrote of an arrival does not agree with the register (流入登记存疑):
    unknown-room, closed-room, other-region (the room is not in the place), unknown-region and
    unknown-home (where she lives, or is from, is no region of today), recorded-dead or
    id-number-conflict. She is registered all the same; the desk asks. `room_id` is the room as it
    was written."""

    arrival_id: UUID
    person_id: UUID
    region: str
    doubt: str
    room_id: UUID | None


class PersonCorrected(Event, key="person_id"):
    """Fields of a record were corrected (更正), or became different on the day `changed_on` (变更).
    Names the fields, not their values."""

    person_id: UUID
    region: str
    fields: list[str]
    changed_on: date | None = None


class PersonsMerged(Event, key="kept_id"):
    """Two records are of one person (合并): references to `merged_id` now mean `kept_id`."""

    kept_id: UUID
    merged_id: UUID


class PersonsSeparated(Event, key="kept_id"):
    """A merge was wrong and is undone (撤销合并): `merged_id` is a person of her own again. What
    was recorded under it before the merge belongs to it again, as far as a service can tell."""

    kept_id: UUID
    merged_id: UUID


class HukouMoved(Event, key="person_id"):
    """A person's household register moved (户口迁移). A correction of a wrong entry is none."""

    person_id: UUID
    from_region: str
    to_region: str
    moved_on: date


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


class AreaUse(BaseModel):
    """How many records were entered for an area, and how many of them were used."""

    model_config = ConfigDict(frozen=True)

    region: str
    entered: int
    used: int


class RecordUseCounted(Event, key="county"):
    """Of the persons entered in a `month`, how many some service has used since (信息使用), by
    township. Counted again every day until the end of the month after: the newest holds."""

    county: str
    month: str
    areas: list[AreaUse]


class WorkUnitTierChanged(Event, key="work_unit_id"):
    """Another office is responsible for a work unit now (单位分级变动), as its size crossed a
    standard or the standard changed."""

    work_unit_id: UUID
    region: str
    from_tier: str
    to_tier: str
    changed_on: date


class LiaisonChanged(Event, key="place_id"):
    """Another liaison officer serves a post of the grid or a work unit (联络员变动); null stands
    for nobody. `place` is grid-post or work-unit."""

    place: str
    place_id: UUID
    region: str
    from_staff_id: UUID | None
    to_staff_id: UUID | None
    changed_on: date


class AgreementSigned(Event, key="agreement_id"):
    """A service agreement was signed (签订服务协议)."""

    agreement_id: UUID
    kind: str
    region: str
    since: date
    until: date


class AgreementRenewed(Event, key="agreement_id"):
    """A service agreement goes on under a new one (续签): `agreement_id` follows `previous_id`."""

    agreement_id: UUID
    previous_id: UUID
    kind: str
    region: str
    since: date
    until: date


class AgreementEnded(Event, key="agreement_id"):
    """A service agreement ended before its time or ran out (终止服务协议)."""

    agreement_id: UUID
    kind: str
    region: str
    ended_on: date
    reason: str


class LeaseFiled(Event, key="lease_id"):
    """A lease of a room was filed (房屋租赁备案). Who lets and who rents is not told."""

    lease_id: UUID
    room_id: UUID
    region: str
    since: date
    until: date | None


class LeaseEnded(Event, key="lease_id"):
    """A lease ends on a day, earlier than filed before (租赁终止)."""

    lease_id: UUID
    region: str
    ended_on: date


class HouseholdsSplit(Event, key="household_id"):
    """Some members of `household_id` founded `new_household_id` (分户)."""

    household_id: UUID
    new_household_id: UUID
    region: str
    split_on: date


class HouseholdsJoined(Event, key="household_id"):
    """All members of `joined_household_id` are in `household_id` now (并户)."""

    household_id: UUID
    joined_household_id: UUID
    region: str
    joined_on: date


class FeedReconciled(Event, key="feed_id"):
    """A department's monthly batch was compared with the register and applied (部门月报核对), as
    counts. `in_both`, `only_there` and `only_here` compare the month's events of that kind;
    `only_here` is null where the register keeps no such list."""

    feed_id: UUID
    department: str
    kind: str
    region: str
    month: date
    new: int
    changed: int
    unchanged: int
    conflicting: int
    rejected: int
    in_both: int
    only_there: int
    only_here: int | None


class FeedWithdrawn(Event, key="feed_id"):
    """A wrong batch was taken back (部门月报撤回): how many lines were restored, and how many were
    left because the record was changed since."""

    feed_id: UUID
    department: str
    kind: str
    region: str
    month: date
    restored: int
    left_over: int


class RegionPair(BaseModel):
    """An area and what it becomes: the second alone where one is established, the first alone
    where one is abolished. `name` is what it is called from then on."""

    model_config = ConfigDict(frozen=True)

    from_region: str | None
    to_region: str | None
    name: str | None


class RegionsChanged(Event, key="county"):
    """The map of a county changed (区划调整): from `effective_on` on, what was recorded under
    `from_region` is under `to_region`. An area that becomes several was split, several that become
    one were merged; one that becomes itself goes on. `reverses` is the change that this undoes."""

    change_id: UUID
    kind: str
    county: str
    document: str
    effective_on: date
    pairs: list[RegionPair]
    reverses: UUID | None = None


class RegionVersion(BaseModel):
    """A region as it was called in the time that it existed: `valid_to` is the first day it was no
    more. `became` are the regions of today that it was merged into, re-coded or split to."""

    model_config = ConfigDict(frozen=True)

    code: str
    name: str
    valid_from: date | None
    valid_to: date | None
    became: list[str] = []


def list_digest(versions: Iterable[RegionVersion]) -> str:
    """The same for whoever holds the same versions, in whatever order (SHA-256, hexadecimal)."""
    lines = sorted(each.model_dump_json() for each in versions)
    return sha256("\n".join(lines).encode()).hexdigest()


class RegionsListed(Event, key="area"):
    """Every region of an area with all its versions (区划名录): of a province (two digits) itself
    with its cities and counties, of a township itself with its villages. It takes the place of
    what was listed for the area before; a code of the area that is not in it is no region. Told
    when the map changes, and to whoever seeks it."""

    area: str
    versions: list[RegionVersion]


class BlindZoneFound(Event, key="zone_id"):
    """A place that nobody clearly takes care of was found (发现盲区): of unclear owner, without a
    committee, or with an unclear border to `other_region`."""

    zone_id: UUID
    kind: str
    finding: str
    region: str
    other_region: str | None
    found_on: date


class CertificateFactsFound(Event, key="request_id"):
    """The register answered all that a person wants in her certificate (证明信息核实).

    `facts` is a JSON object of the facts asked for and her home region, nothing more.
    """

    request_id: UUID
    person_id: UUID
    facts: Personal


class CertificateFactsMissing(Event, key="request_id"):
    """The register cannot answer all of it: `problems` are codes (unknown-person, deceased,
    home-elsewhere, contested-field, missing-field), `facts` what it does say, as above."""

    request_id: UUID
    person_id: UUID
    problems: list[str]
    facts: Personal | None = None


class RecordNotFound(Event, key="person_id"):
    """The register has no record under the id of which the exchange said that its keeping passes to
    another county (无此记录): nothing is handed over."""

    person_id: UUID
    handover_id: UUID


class RecordWritingStopped(Event, key="person_id"):
    """Nobody changes this record here any more, because its keeping passes to another county
    (已停止登记): the answer to the exchange's record-keeping-stopped."""

    person_id: UUID
    handover_id: UUID


class ClaimantFound(Event, key="claim_id"):
    """Which resident of this county another county's claim is about, or that the register knows
    none (`person_id` null) (报销对象核对). `region` is the place of her household register."""

    claim_id: UUID
    person_id: UUID | None
    region: str | None = None
