"""Reading referrals. An office sees those it got and those it made, and she her own."""

from collections.abc import Sequence
from uuid import UUID

from services.migrant.entitlements.answering import DEPARTMENTS
from services.migrant.entitlements.queries import find_entry
from services.migrant.entitlements.rules import Department, Entitlement
from services.migrant.people.queries import current_id
from services.migrant.people.rules import is_office
from services.migrant.places.models import Place
from services.migrant.places.queries import office_of, places_for
from services.migrant.places.queries import told as told_places
from services.migrant.places.schemas import OfficeView
from services.migrant.referrals.errors import NoNameTaken, NoOfficeThere
from services.migrant.referrals.models import Referral
from services.migrant.referrals.rules import (
    Direction,
    ReferralState,
    consent_words,
    is_overdue,
)
from services.migrant.referrals.schemas import ReferralView, RouteView, SharedView, StepView
from services.migrant.services.rules import Service
from shared.db import Tx
from shared.pages import Page, encode_cursor, id_in
from shared.problems import NotFound, OutsideJurisdiction, Text
from shared.subjects import is_own

_SEALED = ("name", "phone", "note")
_LIST = """
SELECT * FROM referrals WHERE ($1::text IS NULL OR office = $1)
 AND ($2::text IS NULL OR from_office = $2) AND ($3::uuid IS NULL OR person_id = $3)
 AND ($4::text IS NULL OR state = $4) AND ($5::text IS NULL OR number = $5)
 AND ($6::date IS NULL OR (ended_on IS NULL AND due_on < $6))
 AND ($1::text IS NULL OR $3::uuid IS NULL OR name_sealed IS NOT NULL)
 AND ($7::uuid IS NULL OR id < $7) ORDER BY id DESC LIMIT $8
"""


async def route_of(code: str, region: str, tx: Tx) -> tuple[Entitlement, Service, list[Place]]:
    """The entry, the kind of service it is recorded as, and the offices near `region` that take
    referrals for it. Raises NotFound, OutsideJurisdiction, NoNameTaken, NoOfficeThere."""
    if not tx.actor.covers(region):
        raise OutsideJurisdiction()
    entry = await find_entry(code, region, tx)
    if entry.service is None:
        raise NoNameTaken()
    near = (await places_for(region, tx)).get(entry.department, [])
    taking = [each for each in near if each.org is not None]
    if not taking:
        raise NoOfficeThere(department=entry.department)
    return entry, entry.service, taking


async def get_route(
    code: str, region: str, place_id: UUID | None, language: str, tx: Tx
) -> RouteView:
    """The words are those for the named office, or the nearest. Raises as `route_of`."""
    entry, _, taking = await route_of(code, region, tx)
    place = chosen(place_id, taking)
    title = Text(entry.title.zh, entry.title.en)
    words = consent_words(Text(place.name_zh, place.name_en), title)
    return RouteView(
        entitlement=entry.id,
        title=entry.title.say(language),
        department=entry.department,
        department_name=DEPARTMENTS[entry.department].say(language),
        days=entry.days,
        offices=told_places(taking, language),
        consent_words=words.say(language),
    )


def chosen(place_id: UUID | None, taking: Sequence[Place]) -> Place:
    """The named office of those that take referrals, otherwise the nearest. Raises
    NoOfficeThere."""
    for each in taking:
        if place_id in (None, each.id):
            return each
    raise NoOfficeThere()


async def get_referral(referral_id: UUID, language: str, tx: Tx) -> ReferralView:
    """Raises NotFound, also for an office that has no part in it."""
    return await seen(await require_party(referral_id, tx), language, tx)


async def require_party(referral_id: UUID, tx: Tx, *, lock: bool = False) -> Referral:
    """A referral that the caller got, made, or is the subject of. Raises NotFound."""
    referral = await tx.require(Referral, referral_id, lock=lock)
    if is_office(tx.actor):
        if tx.actor.org not in (referral.office, referral.from_office):
            raise NotFound()
    elif not await is_own(referral.person_id, tx):
        raise NotFound()
    return referral


async def list_referrals(
    direction: Direction,
    person_id: UUID | None,
    state: ReferralState | None,
    number: str | None,
    overdue: bool,
    limit: int,
    cursor: str | None,
    language: str,
    tx: Tx,
) -> Page[ReferralView]:
    """Newest first. An office lists what it got or made; she lists her own, both ways. Among what
    an office got, a person is found only where she agreed to be known there. Raises NotFound."""
    office = is_office(tx.actor)
    if not office and not await is_own(person_id, tx):
        raise NotFound()
    found = await tx.find(
        Referral,
        _LIST,
        tx.actor.org if office and direction is Direction.IN else None,
        tx.actor.org if office and direction is Direction.OUT else None,
        await current_id(person_id, tx) if person_id else None,
        state,
        number,
        tx.today if overdue else None,
        id_in(cursor),
        limit + 1,
    )
    items = await _views(found[:limit], language, tx)
    return Page(items=items, next=encode_cursor(str(items[-1].id)) if len(found) > limit else None)


async def list_of(person_id: UUID, language: str, tx: Tx) -> Sequence[ReferralView]:
    """Everything that was referred for a person, oldest first, for herself."""
    found = await tx.find(
        Referral, "SELECT * FROM referrals WHERE person_id = $1 ORDER BY id", person_id
    )
    return await _views(found, language, tx, whole=True)


async def seen(referral: Referral, language: str, tx: Tx) -> ReferralView:
    """The view as the caller may see it, with the usage entry it leaves."""
    (view,) = await _views([referral], language, tx)
    return view


async def _views(
    referrals: Sequence[Referral], language: str, tx: Tx, *, whole: bool = False
) -> list[ReferralView]:
    """As the caller may see them; `whole` is hers."""
    found = await tx.find(
        Place,
        "SELECT * FROM places WHERE id = ANY($1::uuid[])",
        [each.place_id for each in referrals],
    )
    offices = {each.id: office_of(each, language) for each in found}
    return [_view(each, offices.get(each.place_id), language, tx, whole) for each in referrals]


def _view(
    referral: Referral, place: OfficeView | None, language: str, tx: Tx, whole: bool
) -> ReferralView:
    tx.saw(referral.person_id, "referral")
    office = is_office(tx.actor) and not whole
    serving = office and tx.actor.org == referral.office
    shares = referral.name_sealed is not None
    known = not serving or shares or tx.actor.org == referral.from_office
    department = Department(referral.department)
    told = {"person_id", "department_name", "place", "overdue", "steps", "answer", "shares"}
    return ReferralView(
        person_id=referral.person_id if known else None,
        department_name=DEPARTMENTS[department].say(language),
        place=place,
        overdue=is_overdue(ReferralState(referral.state), referral.due_on, tx.today),
        steps=_steps(referral),
        answer=_open(referral, "answer", tx),
        shares=shares,
        shared=_shared(referral, tx) if serving or not office else None,
        **referral.model_dump(include=set(ReferralView.model_fields) - told),
    )


def _steps(referral: Referral) -> list[StepView]:
    ended = ReferralState(referral.state)
    dated = (
        (referral.made_on, ReferralState.MADE),
        (referral.accepted_on, ReferralState.ACCEPTED),
        (referral.ended_on, ended),
    )
    return [StepView(on=on, state=state) for on, state in dated if on is not None]


def _shared(referral: Referral, tx: Tx) -> SharedView | None:
    name, phone, note = (_open(referral, each, tx) for each in _SEALED)
    return None if name is None else SharedView(name=name, phone=phone, note=note)


def _open(referral: Referral, name: str, tx: Tx) -> str | None:
    sealed: bytes | None = getattr(referral, f"{name}_sealed")
    return None if sealed is None else tx.vault.open(sealed, f"referrals.{name}:{referral.id}")
