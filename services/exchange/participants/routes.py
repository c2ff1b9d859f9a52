"""HTTP door of participants."""

from fastapi import APIRouter

from services.exchange.auth import CanAdminister, CanRead
from services.exchange.participants import handlers, queries
from services.exchange.participants.node import our_keys
from services.exchange.participants.schemas import ParticipantView, Record, SignedRecord
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


@well_known.get("/jwks.json", summary="Our public keys")
async def get_keys(tx: PublicTransaction) -> JsonObject:
    return await our_keys(tx)


@well_known.get("/participant.json", summary="Our own record, unsigned")
async def get_own_record(tx: PublicTransaction) -> Record:
    return await queries.get_own_record(tx)
