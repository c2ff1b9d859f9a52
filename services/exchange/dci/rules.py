"""What a search asks, and what of a record is told. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final, Literal
from urllib.parse import unquote, urlsplit
from uuid import UUID

from pydantic import JsonValue

from services.exchange.dci.profiles import PROFILES, AskedFor, Event, Profile
from shared.signing import JsonObject

CALLBACKS: Final = {
    "search": "on-search",
    "subscribe": "on-subscribe",
    "unsubscribe": "on-unsubscribe",
    "txn-status": "txn/on-status",
    "notify": "notify",
}
Operator = Literal["eq", "gt", "lt", "ge", "le", "in"]


@dataclass(frozen=True)
class Condition:
    """On an attribute that is told; `values` has one member but for `in`."""

    attribute: str
    operator: Operator
    values: tuple[str, ...]


@dataclass(frozen=True)
class Identity:
    """Somebody who is asked about: by id number, or by name and birth date."""

    id_number: str | None = None
    name: str | None = None
    birth_date: str | None = None


@dataclass(frozen=True)
class Asked:
    """Profile and purpose of a request; `why` is the purpose's line in the list."""

    profile: str
    purpose: str

    @property
    def told(self) -> Profile:
        return PROFILES[self.profile]

    @property
    def why(self) -> AskedFor:
        return self.told.purposes[self.purpose]


@dataclass(frozen=True)
class Search:
    """A search that may be answered. `sort` are attributes and whether they fall."""

    asked: Asked
    identities: tuple[Identity, ...]
    conditions: tuple[Condition, ...]
    sort: tuple[tuple[str, bool], ...]
    page_size: int
    page_number: int


@dataclass(frozen=True)
class Wish:
    """A subscription that may be made: to which event of whom, in the standard's words too."""

    asked: Asked
    event: Event
    identity: Identity


def comparable(asked: Asked) -> frozenset[str]:
    """Attributes that may be sorted and filtered by: what the purpose discloses, but for lists."""
    attributes = asked.told.attributes
    return frozenset(each for each in asked.why.attributes if attributes[each].source != "benefits")


def fits(record: Mapping[str, JsonValue], conditions: Sequence[Condition]) -> bool:
    """Whether all conditions hold. What is not known fits no condition."""
    return all(_holds(record.get(each.attribute), each) for each in conditions)


def _holds(value: JsonValue, condition: Condition) -> bool:
    if not isinstance(value, str):
        return False
    first = condition.values[0]
    return {
        "eq": value == first,
        "in": value in condition.values,
        "gt": value > first,
        "lt": value < first,
        "ge": value >= first,
        "le": value <= first,
    }[condition.operator]


@dataclass(frozen=True)
class Entry:
    """Somebody found: what the purpose tells of her, and the record on the wire."""

    person_id: UUID
    told: JsonObject
    record: JsonObject


def _told(attribute: str, entry: Entry) -> str:
    return str(entry.told[attribute])


def in_order(entries: Sequence[Entry], sort: Sequence[tuple[str, bool]]) -> list[Entry]:
    """Sorted by the first attribute, then the next; what is not known comes last."""
    found = list(entries)
    for attribute, falling in reversed(sort):
        known = [each for each in found if attribute in each.told]
        known.sort(key=partial(_told, attribute), reverse=falling)
        found = known + [each for each in found if attribute not in each.told]
    return found


# what is told


def clamp(sources: Mapping[str, Mapping[str, JsonValue]], asked: Asked) -> JsonObject:
    """What the purpose discloses of what the sources said, in the standard's words; attributes
    without a value are left out."""
    told: JsonObject = {}
    for name in asked.why.attributes:
        attribute = asked.told.attributes[name]
        value = sources.get(attribute.source, {}).get(attribute.field)
        if attribute.words is not None:
            value = attribute.words.get(str(value))
        if value is not None:
            told[name] = value
    return told


def as_record(told: JsonObject, identity: Identity, profile: Profile) -> JsonObject:
    """The record on the wire. The identifier is told to whoever named her by it, and to nobody
    else. Names are not split: the register holds them whole."""
    record: JsonObject = {"@context": profile.context, "@type": profile.type}
    if identity.id_number is not None:
        number: JsonObject = {
            "@type": "Identifier",
            "identifier_type": profile.identifiers[0],
            "identifier_value": identity.id_number,
        }
        record["identifier"] = [number]
    name = told.get("name")
    named: JsonObject = {"name": {"@type": "Name", "given_name": name}} if name else {}
    return record | told | named


# where answers go


def is_loopback(address: str) -> bool:
    return urlsplit(address).hostname in ("127.0.0.1", "::1", "localhost")


def callback_of(sender_uri: str | None, address: str, action: str) -> str | None:
    """Where the answer to an action goes: the whole `sender_uri`, which must lie under the
    partner's registered address (None where it does not), or the standard's path under it."""
    if sender_uri is None:
        return f"{address}/registry/{CALLBACKS[action]}"
    return sender_uri if lies_under(sender_uri, address) else None


def lies_under(uri: str, address: str) -> bool:
    """Whether a URI has scheme, host and port of an address, and a path beneath its own."""
    given, registered = urlsplit(uri), urlsplit(address)
    same = (given.scheme, given.netloc.lower()) == (registered.scheme, registered.netloc.lower())
    under = given.path == registered.path or given.path.startswith(registered.path + "/")
    climbs = ".." in unquote(given.path).split("/") or "\\" in unquote(given.path)
    return same and under and not climbs
