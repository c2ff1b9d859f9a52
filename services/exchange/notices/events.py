"""What happened here that another county must hear of, as notices of the service's own accord.

Whoever's arrival was told is known to her home county to be here. What happens to her here after
that goes to the same county, as far as its kind allows; of anybody else nothing is told.
"""

from uuid import UUID

from services.exchange.notices.amending import amend, following, take_back, told_by
from services.exchange.notices.handlers import tell
from services.exchange.notices.models import Notice
from services.exchange.notices.queries import content_place
from services.exchange.notices.rules import NoticeKind
from services.exchange.notices.schemas import (
    CONTENT,
    AnyContent,
    Arrival,
    BirthRegistered,
    CertificateChecked,
    DeathRegistered,
    Departure,
)
from services.exchange.participants.node import our_node
from services.exchange.participants.queries import find_active, find_for_region, find_issuer
from shared.db import Tx
from shared.events import migrant, registry, registry_vital
from shared.homes import is_outside_mainland
from shared.subjects import merge_subject

_ARRIVAL_TOLD = """
SELECT * FROM notices
WHERE direction = 'out' AND kind = 'arrival' AND NOT void AND erased_at IS NULL
  AND person_id IN ($1, (SELECT subject_id FROM subject_aliases WHERE alias_id = $1))
ORDER BY happened_on DESC, id DESC LIMIT 1 FOR UPDATE
"""


async def tell_of_arrival(event: migrant.MigrantArrived, tx: Tx) -> None:
    """Her home county learns where she registered (流入通报)."""
    if not await _is_told(event.origin_region, tx):
        return
    content = Arrival(
        kind=NoticeKind.ARRIVAL,
        region=event.region,
        happened_on=event.arrived_on,
        name=event.name,
        id_number=event.id_number,
    )
    await _tell_arrival(content, event.origin_region, event.person_id, event.arrival_id, tx)


async def _is_told(home: str, tx: Tx) -> bool:
    """Whether a home is another county's. Of somebody from Taiwan, Hong Kong or Macao nothing is
    told: no county there takes part, and her data does not leave the mainland (PIPL art. 38)."""
    return not (is_outside_mainland(home) or home.startswith((await our_node(tx)).region))


async def tell_of_departure(event: migrant.MigrantDeparted, tx: Tx) -> None:
    """The county that was told of her arrival learns that she left (流出通报); not where to."""
    arrival = await arrival_told(event.person_id, tx)
    if arrival is not None and arrival.happened_on <= event.departed_on:
        said = _said(arrival, tx)
        content = Departure(
            kind=NoticeKind.DEPARTURE,
            region=event.region,
            happened_on=event.departed_on,
            name=said.name,
            id_number=said.id_number,
        )
        await tell_after(arrival, content, f"departure:{event.departure_id}", tx)


async def tell_of_check(event: migrant.CertificateChecked, tx: Tx) -> None:
    """The issuer learns that its certificate was checked, and the outcome; nothing of whom.
    An issuer that takes no part in the federation is told nothing."""
    issuer = await find_issuer(event.issuer, tx)
    if issuer is None or issuer.id == (await our_node(tx)).id:
        return
    content = CertificateChecked(
        kind=NoticeKind.CERTIFICATE_CHECKED,
        region=event.region,
        happened_on=tx.today,
        certificate_id=event.certificate_id,
        outcome=event.outcome,
    )
    source = f"certificate-check:{event.check_id}"
    await tell(content, issuer.region_prefixes[0], issuer, tx, source=source)


async def tell_of_birth(event: registry_vital.BirthRegistered, tx: Tx) -> None:
    """The mother's home county learns that its household changed (出生通报)."""
    home = event.mother_home_region
    if home is None or not await _is_told(home, tx):
        return
    content = BirthRegistered(
        kind=NoticeKind.BIRTH_REGISTERED,
        region=event.region,
        happened_on=event.born_on,
        id_number=event.mother_id_number,
    )
    peer = await find_for_region(home, tx)
    source = f"birth:{event.birth_id}"
    await tell(content, home, peer, tx, person_id=event.mother_id, source=source)


async def tell_of_death(event: registry_vital.DeathRegistered, tx: Tx) -> None:
    """The county that was told of her arrival learns that she died here (死亡通报)."""
    arrival = await arrival_told(event.person_id, tx)
    if arrival is not None:
        said = _said(arrival, tx)
        content = DeathRegistered(
            kind=NoticeKind.DEATH_REGISTERED,
            region=event.region,
            happened_on=event.died_on,
            name=said.name,
            id_number=said.id_number,
        )
        await tell_after(arrival, content, f"death:{event.death_id}", tx)


async def amend_stay(event: migrant.StayCorrected, tx: Tx) -> None:
    """What was told of a stay follows its correction. Where another county turns out to be her
    home, the first takes all of it back and the other is told."""
    arrival = await told_by(_arrival_source(event.arrival_id), tx)
    if arrival is None:
        return
    departures = await following(arrival.id, NoticeKind.DEPARTURE, tx)
    if "origin_region" in event.fields and await _of_another(arrival, event.origin_region, tx):
        said = _said(arrival, tx).model_copy(
            update={"region": event.region, "happened_on": event.arrived_on}
        )
        arrival.source = f"{arrival.source}:{arrival.id}"
        for notice in (*departures, arrival):
            await take_back(notice, tx)
        if await _is_told(event.origin_region, tx):
            await _tell_arrival(said, event.origin_region, event.person_id, event.arrival_id, tx)
        return
    await amend(arrival, tx, region=event.region, happened_on=event.arrived_on)
    for notice in departures:
        day = event.until or notice.happened_on
        await amend(notice, tx, region=event.region, happened_on=day, void=event.until is None)


async def take_back_arrival(event: migrant.ArrivalAnnulled, tx: Tx) -> None:
    """She never came, so she never left either."""
    arrival = await told_by(_arrival_source(event.arrival_id), tx)
    if arrival is not None:
        for notice in (*await following(arrival.id, NoticeKind.DEPARTURE, tx), arrival):
            await take_back(notice, tx)


async def amend_birth(
    event: registry_vital.BirthCorrected | registry_vital.BirthReinstated, tx: Tx
) -> None:
    """A birth of another mother is taken back: her home county is not known from here."""
    notice = await told_by(f"birth:{event.birth_id}", tx)
    if notice is None:
        return
    another = notice.person_id is not None and not await _same(
        notice.person_id, event.mother_id, tx
    )
    await amend(notice, tx, region=event.region, happened_on=event.born_on, void=another)


async def amend_death(event: registry_vital.DeathCorrected, tx: Tx) -> None:
    notice = await told_by(f"death:{event.death_id}", tx)
    if notice is not None:
        await amend(notice, tx, region=event.region, happened_on=event.died_on)


async def take_back_told(source: str, tx: Tx) -> None:
    """What an event made us tell is not so, if it was told at all."""
    notice = await told_by(source, tx)
    if notice is not None:
        await take_back(notice, tx)


async def arrival_told(person_id: UUID, tx: Tx) -> Notice | None:
    """The newest arrival of hers that her home county was told of, locked."""
    found = await tx.find(Notice, _ARRIVAL_TOLD, person_id)
    return found[0] if found else None


async def tell_after(arrival: Notice, content: AnyContent, source: str, tx: Tx) -> None:
    """Tell whoever was told of the arrival; whoever covers the region, when nobody did then."""
    if arrival.peer is not None:
        peer = await find_active(arrival.peer, tx)
    else:
        peer = await find_for_region(arrival.to_region, tx)
    await tell(
        content,
        arrival.to_region,
        peer,
        tx,
        person_id=arrival.person_id,
        source=source,
        follows=arrival.id,
    )


async def repoint(event: registry.PersonsMerged, tx: Tx) -> None:
    """Two records are of one person: notices about the one are about the other."""
    for table in ("notices", "home_consents"):
        await tx.execute(
            f"UPDATE {table} SET person_id = $1 WHERE person_id = $2",  # noqa: S608 our own names
            event.kept_id,
            event.merged_id,
        )
    await merge_subject(event.kept_id, event.merged_id, tx)


async def separate(event: registry.PersonsSeparated, tx: Tx) -> None:
    """A merge is undone: looks at the one are not looks at the other any more. Notices told under
    either id stay where they are; each names its person inside."""
    await merge_subject(event.merged_id, event.merged_id, tx)


async def _tell_arrival(
    content: Arrival, home: str, person_id: UUID, arrival_id: UUID, tx: Tx
) -> None:
    peer = await find_for_region(home, tx)
    source = _arrival_source(arrival_id)
    await tell(content, home, peer, tx, person_id=person_id, source=source)


def id_number_of(arrival: Notice, tx: Tx) -> str:
    """Hers whose arrival was told."""
    return _said(arrival, tx).id_number


def _arrival_source(arrival_id: UUID) -> str:
    return f"arrival:{arrival_id}"


def _said(arrival: Notice, tx: Tx) -> Arrival:
    content = CONTENT.validate_json(
        tx.vault.open(arrival.content_sealed, content_place(arrival.id))
    )
    if not isinstance(content, Arrival):
        raise TypeError(arrival.kind)
    return content


async def _of_another(arrival: Notice, origin: str, tx: Tx) -> bool:
    """Whether the people of `origin` are another node's than the one that was told."""
    peer = await find_for_region(origin, tx)
    if peer is None or arrival.peer is None:
        return not arrival.to_region.startswith(origin[:6])
    return peer.id != arrival.peer


async def _same(one: UUID, other: UUID, tx: Tx) -> bool:
    """Whether two ids are of one person, by the merges heard of."""
    return one == other or bool(
        await tx.fetch_value(
            "SELECT count(DISTINCT coalesce(subject_id, id)) = 1"
            " FROM unnest(ARRAY[$1, $2]::uuid[]) AS id"
            " LEFT JOIN subject_aliases ON alias_id = id",
            one,
            other,
        )
    )
