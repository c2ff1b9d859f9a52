"""Our own signing keys: the next one is made ahead, so that peers know it before it signs; an old
one is retired when it is no longer needed, and revoked at once when somebody else may have it.

Each of these changes our record, which goes to our city by itself (see directory.py)."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from services.exchange.errors import KeyEnded, KeyInUse, KeyPending
from services.exchange.participants.handlers import renew_ourselves, sign_all_anew
from services.exchange.participants.levels import Level
from services.exchange.participants.models import NodeKey
from services.exchange.participants.node import keys_in_turn, new_key, our_node, whole
from services.exchange.participants.queries import own_participant
from services.exchange.participants.schemas import KeyView, MakeKey, RevokeKey
from services.exchange.participants.validity import keys_of
from shared.db import Tx
from shared.problems import MalformedBody, Text

AHEAD: Final = timedelta(days=1)  # peers look into their cities' directories every minute
_LONGEST_AHEAD: Final = timedelta(days=90)
_KEYS = "SELECT * FROM node_keys ORDER BY created_at DESC, kid"


async def list_keys(tx: Tx) -> Sequence[KeyView]:
    """Newest first, ended ones too."""
    signs = (await our_node(tx)).key.kid
    admitted = await own_participant(tx)
    known = {key.get("kid") for key in keys_of(admitted.key_history)} if admitted else set()
    return [
        KeyView(
            **key.model_dump(include=set(KeyView.model_fields)),
            signs=key.kid == signs,
            admitted=key.kid in known,
        )
        for key in await tx.find(NodeKey, _KEYS)
    ]


async def make_key(command: MakeKey, tx: Tx) -> KeyView:
    """Make the next key (换用新密钥). It signs from the moment asked for, but not before the
    record that our city signed names it. Raises KeyPending, MalformedBody for a moment that is past
    or too far off."""
    await keys_in_turn(tx)
    begins = whole(command.not_before or tx.now + AHEAD)
    if not whole(tx.now) <= begins <= tx.now + _LONGEST_AHEAD:
        raise MalformedBody(Text("启用时间应在 90 天之内", "A key begins within 90 days from now"))
    if any(key.not_before > tx.now for key in await _living(tx)):
        raise KeyPending()
    key = new_key(begins, tx)
    await tx.add(key)
    return await _view(key.kid, tx)


async def retire_key(kid: str, tx: Tx) -> KeyView:
    """End a key that does not sign any more (停用密钥); what it signed stays good. Raises KeyInUse,
    KeyEnded."""
    await keys_in_turn(tx)
    key = await _living_key(kid, tx)
    if kid == (await our_node(tx)).key.kid:
        raise KeyInUse()
    key.retired_at, key.ended_by = whole(tx.now), tx.actor.sub
    await tx.save(key)
    return await _view(kid, tx)


async def revoke_key(command: RevokeKey, kid: str, tx: Tx) -> KeyView:
    """Give up a key, also a retired one (吊销密钥): nothing that it signs from now on is believed
    by peers, as soon as they have our record. Where no other key is left, a new one begins now. As
    a city, everybody's record is signed anew. Raises KeyEnded."""
    await keys_in_turn(tx)
    key = await tx.require(NodeKey, kid, lock=True)
    if key.revoked_at is not None:
        raise KeyEnded()
    key.revoked_at, key.revocation_reason = whole(tx.now), command.reason
    key.ended_by = tx.actor.sub
    await tx.save(key)
    if not any(other.not_before <= tx.now for other in await _living(tx)):
        await tx.add(new_key(whole(tx.now), tx))
    if (await our_node(tx)).level == Level.CITY and await renew_ourselves(tx):
        await sign_all_anew(tx)
    return await _view(kid, tx)


async def _view(kid: str, tx: Tx) -> KeyView:
    return next(key for key in await list_keys(tx) if key.kid == kid)


async def _living(tx: Tx) -> list[NodeKey]:
    return await tx.find(
        NodeKey,
        "SELECT * FROM node_keys WHERE retired_at IS NULL AND revoked_at IS NULL",
    )


async def _living_key(kid: str, tx: Tx) -> NodeKey:
    key = await tx.require(NodeKey, kid, lock=True)
    if key.retired_at is not None or key.revoked_at is not None:
        raise KeyEnded()
    return key
