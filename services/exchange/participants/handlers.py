"""Writing participants: nobody is believed about another without a city's signature."""

from services.exchange.errors import NotACity, StaleRecord
from services.exchange.participants.models import Level, OwnNode, Participant
from services.exchange.participants.node import our_keys, our_node
from services.exchange.participants.queries import view_of
from services.exchange.participants.rules import Anchor, check_record
from services.exchange.participants.schemas import ParticipantView, Record, SignedRecord
from shared.db import Tx
from shared.events.exchange import ParticipantListed
from shared.problems import MalformedBody, Text
from shared.signing import sign_detached


async def put_participant(command: SignedRecord, node_id: str, tx: Tx) -> ParticipantView:
    """Take a signed record. The same record again changes nothing. Raises RecordNotTrusted,
    StaleRecord."""
    record = command.parsed
    if record.id != node_id:
        raise MalformedBody(Text("登记书的编号与地址不符", "The record's id is not the address's"))
    check_record(command.record, command.signature, await _anchors(tx))
    return view_of(await _store(command, record, tx))


async def admit_participant(command: Record, tx: Tx) -> SignedRecord:
    """As a city: sign a node's record, keep it, and hand it out for its peers (接入). Raises
    NotACity, RecordNotTrusted for a county outside the city, StaleRecord."""
    node = await our_node(tx)
    if node.level != Level.CITY:
        raise NotACity()
    admitted = command.model_copy(update={"admitted_by": node.id, "admitted_at": tx.now})
    record = admitted.model_dump(mode="json")
    signed = SignedRecord(record=record, signature=sign_detached(record, node.key))
    check_record(record, signed.signature, await _anchors(tx))
    await _store(signed, admitted, tx)
    return signed


async def _anchors(tx: Tx) -> list[Anchor]:
    """Whom we trust: the configured anchor, ourselves if we are a city, the cities we know."""
    anchors = []
    for own in await tx.find(OwnNode, "SELECT * FROM own_node"):
        if own.anchor is not None:
            anchors.append(Anchor(own.anchor))
        if own.level == Level.CITY:
            anchors.append(Anchor(await our_keys(tx), [own.region]))
    cities = await tx.find(
        Participant, "SELECT * FROM participants WHERE level = 'city' AND revoked_at IS NULL"
    )
    return anchors + [Anchor(city.jwks, city.region_prefixes) for city in cities]


async def _store(signed: SignedRecord, record: Record, tx: Tx) -> Participant:
    known = await tx.get(Participant, record.id, lock=True)
    if known is not None and known.record == signed.record:
        return known
    if known is not None and known.record_version >= record.version:
        raise StaleRecord()
    fields = record.model_dump(exclude={"version"})
    participant = Participant(
        **fields,
        record_version=record.version,
        record=signed.record,
        signature=signed.signature,
        stored_at=tx.now,
    )
    await (tx.add(participant) if known is None else tx.save(participant))
    tx.emit(
        ParticipantListed(
            node_id=record.id,
            level=record.level,
            address=record.address,
            certificate_pem=record.certificate_pem,
            version=record.version,
            revoked=record.revoked_at is not None,
        )
    )
    return participant
