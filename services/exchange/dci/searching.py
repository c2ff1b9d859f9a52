"""Answers searches: the services are asked, no transaction is open meanwhile."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from pydantic import AwareDatetime

from services.exchange.dci import answers, rules
from services.exchange.dci.errors import BAD_TIME, TOO_MANY, USED_REFERENCE, Rejected
from services.exchange.dci.models import Partner, Status
from services.exchange.dci.reading import Allowed, read_search
from services.exchange.dci.rules import Asked, Entry, Identity, Search
from services.exchange.dci.schemas import SearchItem, SearchRequest
from services.exchange.dci.sources import Found, Sources, Why
from services.exchange.messages.rules import WINDOW
from shared.signing import JsonObject
from shared.usage import Purpose


@dataclass(frozen=True)
class Look:
    """A person whose data a partner was told, and for which of our purposes."""

    person_id: UUID
    purpose: Purpose


@dataclass
class Searched:
    """The items of an answer, and who was looked at."""

    items: list[JsonObject] = field(default_factory=list)
    looks: list[Look] = field(default_factory=list)


async def answer_search(
    message: SearchRequest,
    partner: Partner,
    case: str,
    own_references: Collection[str],
    sources: Sources,
    now: datetime,
) -> Searched:
    """Each item by itself: one that is rejected stops no other. Raises SourcesAway."""
    searched, left = Searched(), set(own_references)
    for each in message.search_request:
        try:
            check_item(each.reference_id, each.timestamp, left, now)
            search = read_search(each.search_criteria, allowed_to(partner))
            entries = await _search(search, case, sources)
        except Rejected as rejected:
            searched.items.append(
                answers.rejected_item(each.reference_id, rejected, now, each.locale)
            )
            continue
        searched.items.append(_item(each, search, entries, now))
        searched.looks += [
            Look(entry.person_id, search.asked.why.purpose) for entry in _page(search, entries)
        ]
    return searched


def allowed_to(partner: Partner) -> Allowed:
    return Allowed(partner.profiles, partner.purposes)


def check_item(reference_id: str, timestamp: AwareDatetime, left: set[str], now: datetime) -> None:
    """A reference id is good for one request, and no request comes from the future. Takes the id
    from `left`, those that this message used first. Raises Rejected."""
    if reference_id not in left:
        raise Rejected(USED_REFERENCE, "reference_id 已经用过", "This reference id was used before")
    left.discard(reference_id)
    if timestamp > now + WINDOW:
        raise Rejected(BAD_TIME, "时间在未来", "The time lies in the future")


async def _search(search: Search, case: str, sources: Sources) -> Sequence[Entry]:
    """Everybody who may be told of, in the order asked for. Whoever is not known here, and whoever
    does not consent, is left out alike: nobody learns which."""
    asked = search.asked
    why = Why(asked.why.purpose, case)
    entries = []
    for identity in search.identities:
        found = await sources.find(identity, why)
        if identity.id_number is None and len(found) > 1:
            raise Rejected(
                TOO_MANY,
                "同名同生日者不止一人,请以证件号码查询",
                "Several persons have this name and birth date; ask by id number",
            )
        for person in found:
            if await consents(person, asked, why, sources):
                entries.append(await entry_of(person, identity, asked, why, sources))
    fitting = [each for each in entries if rules.fits(each.told, search.conditions)]
    return rules.in_order(fitting, search.sort)


async def consents(person: Found, asked: Asked, why: Why, sources: Sources) -> bool:
    """Whether she agreed to what the purpose needs her to agree to. Raises SourcesAway."""
    consent = asked.why.consent
    return consent is None or await sources.consents(person.person_id, consent, why)


async def entry_of(
    person: Found, identity: Identity, asked: Asked, why: Why, sources: Sources
) -> Entry:
    """What the purpose tells of her. Raises SourcesAway."""
    said = await sources.say(person, asked.told, asked.why, why)
    told = rules.clamp(said, asked)
    return Entry(person.person_id, told, rules.as_record(told, identity, asked.told))


def _page(search: Search, entries: Sequence[Entry]) -> Sequence[Entry]:
    start = (search.page_number - 1) * search.page_size
    return entries[start : start + search.page_size]


def _item(each: SearchItem, search: Search, entries: Sequence[Entry], now: datetime) -> JsonObject:
    return answers.item(each.reference_id, Status.SUCCEEDED, now, each.locale) | {
        "data": answers.found_data(search.asked, _page(search, entries)),
        "pagination": answers.page_of(search.page_size, search.page_number, len(entries)),
    }
