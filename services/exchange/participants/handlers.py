"""Writing participants: nobody is believed about another without a city's signature."""

from dataclasses import replace

from services.exchange.errors import AdmissionNeeded, NotACity, Refused, StaleRecord
from services.exchange.participants.levels import Level
from services.exchange.participants.models import OwnNode, Participant, ParticipantRecord
from services.exchange.participants.node import Node, our_keys, our_node, proving_key
from services.exchange.participants.queries import get_own_record, own_participant, view_of
from services.exchange.participants.rules import (
    Anchor,
    check_record,
    check_renewal,
    says_the_same,
)
from services.exchange.participants.schemas import (
    ParticipantView,
    Record,
    Renewal,
    SignedRecord,
)
from services.exchange.participants.validity import (
    check_signature,
    left_at,
    limited_by,
    with_history,
)
from shared.db import Tx
from shared.events.exchange import ParticipantListed
from shared.problems import MalformedBody, Text
from shared.signing import sign_detached

_LOCK = 0x59505254  # "YPRT"


async def put_participant(command: SignedRecord, node_id: str, tx: Tx) -> ParticipantView:
    """Take a signed record. The same record again changes nothing. Raises RecordNotTrusted,
    StaleRecord."""
    record = command.parsed
    if record.id != node_id:
        raise MalformedBody(Text("登记书的编号与地址不符", "The record's id is not the address's"))
    check_record(command.record, command.signature, await _anchors(tx), tx.now)
    return view_of(await _store(command, record, tx))


async def follow_record(command: SignedRecord, tx: Tx) -> bool:
    """Take a record from a city's directory, if it is news. Who is a city, since it would speak for
    others, and who belongs to another city than before, is for a person to enter. Raises
    RecordNotTrusted."""
    record = command.parsed
    known = await tx.get(Participant, record.id)
    if record.level is Level.CITY and (known is None or known.level != Level.CITY):
        return False
    if known is not None and known.record_version >= record.version:
        return False
    city = await tx.get(Participant, known.admitted_by) if known is not None else None
    anchors = [_anchor_of(city)] if city is not None else await _anchors(tx)
    check_record(command.record, command.signature, anchors, tx.now)
    await _store(command, record, tx)
    return True


async def admit_participant(command: Record, tx: Tx) -> SignedRecord:
    """As a city: sign a node's record, keep it, and hand it out for its peers (接入). Raises
    NotACity, RecordNotTrusted for a county outside the city, StaleRecord."""
    return await _admit(command, await _our_city(tx), tx)


async def renew_participant(command: Renewal, tx: Tx) -> SignedRecord:
    """As a city: sign the next record of a node that we admitted, on its own word (更新登记书): its
    signature is by a key that counts in the record we know. The same again gets the same answer.
    Raises NotACity, AdmissionNeeded for what a person has to decide, StaleRecord, Refused."""
    city, asked = await _our_city(tx), command.parsed
    await _check_itself(command, asked.id, tx)
    await _in_turn(tx)
    known = await tx.require(Participant, asked.id)
    admitted = Record.model_validate(known.record)
    if says_the_same(asked, admitted) and asked.version == admitted.version:
        return SignedRecord(record=known.record, signature=known.signature)
    check_renewal(asked, admitted)
    return await _admit(asked, city, tx)


async def _check_itself(command: Renewal, node_id: str, tx: Tx) -> None:
    """That the node itself asks. Nobody else makes us wait for our turn."""
    known = await tx.get(Participant, node_id)
    if known is None:
        raise AdmissionNeeded()
    try:
        check_signature(command.signature, command.record, known.key_history, tx.now, tx.now)
    except Refused as refused:
        refused.sender = node_id
        raise


async def renew_ourselves(tx: Tx) -> bool:
    """As a city: sign our own next record, where something changed. Whether it did."""
    await _in_turn(tx)
    record, key = await get_own_record(tx), await proving_key(tx)
    known = await own_participant(tx)
    if known is None or key is None or record.version == known.record_version:
        return False
    await _admit(record, replace(await _our_city(tx), key=key), tx)
    return True


async def sign_all_anew(tx: Tx) -> None:
    """As a city that gave up a key: what it signed is believed no longer, so every node gets the
    next version of its record. Those that left stay out."""
    await _in_turn(tx)
    city = await _our_city(tx)
    for known in await tx.find(
        Participant,
        "SELECT * FROM participants WHERE admitted_by = $1 AND id <> $1 ORDER BY id",
        city.id,
    ):
        record = Record.model_validate(known.record)
        await _admit(record.model_copy(update={"version": record.version + 1}), city, tx)


async def _our_city(tx: Tx) -> Node:
    node = await our_node(tx)
    if node.level != Level.CITY:
        raise NotACity()
    return node


async def _admit(record: Record, city: Node, tx: Tx) -> SignedRecord:
    admitted = record.model_copy(update={"admitted_by": city.id, "admitted_at": tx.now})
    raw = admitted.model_dump(mode="json")
    signed = SignedRecord(record=raw, signature=sign_detached(raw, city.key))
    check_record(raw, signed.signature, await _anchors(tx), tx.now)
    await _store(signed, admitted, tx)
    return signed


async def _anchors(tx: Tx) -> list[Anchor]:
    """Whom we trust: the configured anchor, ourselves if we are a city, the cities we know."""
    cities = await tx.find(
        Participant, "SELECT * FROM participants WHERE level = 'city' AND revoked_at IS NULL"
    )
    anchors = [_anchor_of(city) for city in cities]
    for own in await tx.find(OwnNode, "SELECT * FROM own_node"):
        if own.level == Level.CITY:
            anchors.append(Anchor(await our_keys(tx), [own.region]))
        if own.anchor is not None:
            for city in cities:  # the settings do not learn that a key has ended
                own.anchor = limited_by(own.anchor, city.key_history)
            anchors.append(Anchor(own.anchor))
    return anchors


def _anchor_of(city: Participant) -> Anchor:
    return Anchor(city.key_history, city.region_prefixes)


async def _in_turn(tx: Tx) -> None:
    """One writes records at a time: they are numbered in the order they are committed."""
    await tx.execute("SELECT pg_advisory_xact_lock($1)", _LOCK)


async def _store(signed: SignedRecord, record: Record, tx: Tx) -> Participant:
    await _in_turn(tx)
    known = await tx.get(Participant, record.id)
    if known is not None and known.record == signed.record:
        return known
    if known is not None and known.record_version >= record.version:
        raise StaleRecord()
    fields = record.model_dump(exclude={"version", "jwks"})
    history = with_history(record.jwks, known.key_history if known else {}, tx.now)
    participant = Participant(
        **fields,
        jwks=left_at(history, tx.now),
        key_history=history,
        record_version=record.version,
        record=signed.record,
        signature=signed.signature,
        stored_at=tx.now,
    )
    await (tx.add(participant) if known is None else tx.save(participant))
    await tx.add(
        ParticipantRecord(
            node_id=record.id,
            version=record.version,
            record=signed.record,
            signature=signed.signature,
            stored_at=tx.now,
        )
    )
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
