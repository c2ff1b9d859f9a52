"""What happened here that another county must hear of, as notices of the service's own accord."""

from services.exchange.notices.handlers import tell
from services.exchange.notices.rules import NoticeKind
from services.exchange.notices.schemas import Arrival, BirthRegistered, CertificateChecked
from services.exchange.participants.node import our_node
from services.exchange.participants.queries import find_for_region, find_issuer
from shared.db import Tx
from shared.events import migrant, registry, registry_vital


async def tell_of_arrival(event: migrant.MigrantArrived, tx: Tx) -> None:
    """Her home county learns where she registered (流入通报)."""
    if event.origin_region.startswith((await our_node(tx)).region):
        return
    content = Arrival(
        kind=NoticeKind.ARRIVAL,
        region=event.region,
        happened_on=event.arrived_on,
        name=event.name,
        id_number=event.id_number,
    )
    peer = await find_for_region(event.origin_region, tx)
    source = f"arrival:{event.arrival_id}"
    await tell(content, event.origin_region, peer, tx, person_id=event.person_id, source=source)


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
    if home is None or home.startswith((await our_node(tx)).region):
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


async def repoint(event: registry.PersonsMerged, tx: Tx) -> None:
    """Two records are of one person: notices about the one are about the other."""
    await tx.execute(
        "UPDATE notices SET person_id = $1 WHERE person_id = $2", event.kept_id, event.merged_id
    )
    await tx.merge_subject(event.kept_id, event.merged_id)


async def separate(event: registry.PersonsSeparated, tx: Tx) -> None:
    """A merge is undone: looks at the one are not looks at the other any more. Notices told under
    either id stay where they are; each names its person inside."""
    await tx.merge_subject(event.merged_id, event.merged_id)
