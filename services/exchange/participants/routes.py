"""HTTP door of participants."""

from collections.abc import Sequence

from fastapi import APIRouter, Response

from services.exchange.auth import CanAdminister, CanRead
from services.exchange.dci.partner_queries import published_keys
from services.exchange.participants import handlers, keys, queries
from services.exchange.participants.schemas import (
    DirectoryPage,
    KeyView,
    MakeKey,
    ParticipantView,
    Record,
    Renewal,
    RevokeKey,
    SignedRecord,
)
from shared.http import Cursor, Limit, PublicTransaction, Route, Transaction
from shared.pages import Page
from shared.signing import JsonObject

router = APIRouter(tags=["participants"], route_class=Route)
well_known = APIRouter(prefix="/exchange/.well-known", tags=["keys"], route_class=Route)


@router.get("/participants", summary="The nodes of the federation")
async def list_participants(
    actor: CanRead, tx: Transaction, limit: Limit = 50, cursor: Cursor = None
) -> Page[ParticipantView]:
    return await queries.list_participants(limit, cursor, tx)


@router.get("/participants/{node_id}", summary="One node")
async def get_participant(node_id: str, actor: CanRead, tx: Transaction) -> ParticipantView:
    return await queries.get_participant(node_id, tx)


@router.put("/participants/{node_id}", summary="Enter a node's signed record")
async def put_participant(
    node_id: str, command: SignedRecord, actor: CanAdminister, tx: Transaction
) -> ParticipantView:
    return await handlers.put_participant(command, node_id, tx)


@router.post("/participants", status_code=201, summary="As a city: sign and admit a node")
async def admit_participant(command: Record, actor: CanAdminister, tx: Transaction) -> SignedRecord:
    return await handlers.admit_participant(command, tx)


@router.post("/renewals", summary="As a city: take a node's own change of its record")
async def renew_participant(command: Renewal, tx: PublicTransaction) -> SignedRecord:
    return await handlers.renew_participant(command, tx)


@router.get("/keys", summary="Our signing keys")
async def list_keys(actor: CanAdminister, tx: Transaction) -> Sequence[KeyView]:
    return await keys.list_keys(tx)


@router.post("/keys", status_code=201, summary="Make the next signing key")
async def make_key(command: MakeKey, actor: CanAdminister, tx: Transaction) -> KeyView:
    return await keys.make_key(command, tx)


@router.post("/keys/{kid}/retirement", summary="End a key that does not sign any more")
async def retire_key(kid: str, actor: CanAdminister, tx: Transaction) -> KeyView:
    return await keys.retire_key(kid, tx)


@router.post("/keys/{kid}/revocation", summary="Give up a key that others may have")
async def revoke_key(
    kid: str, command: RevokeKey, actor: CanAdminister, tx: Transaction
) -> KeyView:
    return await keys.revoke_key(command, kid, tx)


@well_known.get("/participants", summary="The signed records of all nodes we know")
async def list_records(
    tx: PublicTransaction, limit: Limit = 50, since: Cursor = None
) -> DirectoryPage:
    return await queries.list_records(limit, since, tx)


@well_known.get("/jwks.json", summary="Our public keys")
async def get_keys(tx: PublicTransaction) -> JsonObject:
    return await published_keys(tx)


@well_known.get("/participant.json", summary="Our own record, signed by ourselves in a header")
async def get_own_record(tx: PublicTransaction, response: Response) -> Record:
    record = await queries.get_own_record(tx)
    response.headers["Record-Signature"] = await queries.own_signature(record, tx)
    return record
