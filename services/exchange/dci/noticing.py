"""Events that partners follow: owed when they happen, and drawn up when they are sent, with what
the purpose discloses of her then."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from services.exchange.dci import answers
from services.exchange.dci.models import (
    Action,
    CallbackState,
    DciTransaction,
    EndReason,
    Partner,
    Status,
    Subscription,
    Word,
)
from services.exchange.dci.partner_queries import body_place
from services.exchange.dci.profiles import PROFILES, Event
from services.exchange.dci.rules import Asked, Entry, Identity, as_record, callback_of
from services.exchange.dci.searching import Look, consents, entry_of
from services.exchange.dci.sources import Sources, Why
from services.exchange.dci.subscribing import Criteria, criteria_of
from shared.actors import Actor
from shared.db import Database, Tx
from shared.events.migrant import ConsentWithdrawn
from shared.events.registry import PersonsMerged
from shared.ids import new_id
from shared.signing import JsonObject

_STANDING: Final = """
SELECT followed.* FROM dci_subscriptions AS followed
WHERE followed.person_id = ANY($1::uuid[]) AND followed.event = $2 AND followed.ended_at IS NULL
AND followed.since <= $3 AND followed.until > $3
"""


@dataclass(frozen=True)
class Drawn:
    """A notice that may be sent, and whom it tells of."""

    message: JsonObject
    look: Look


async def owe(
    event: Event, person_ids: Sequence[UUID], occasion: UUID, happened_on: date, tx: Tx
) -> None:
    """Somebody's event happened: every partner that follows it is owed a notice, once. `occasion`
    is the id of what happened."""
    followed = await tx.find(Subscription, _STANDING, list(person_ids), event, tx.now)
    for each in followed:
        key = f"{each.id}:{occasion}"
        await promise(each, Said(occasion, Word.REGISTERED, happened_on), key, tx)


@dataclass(frozen=True)
class Said:
    """What is to be told of an event; one that is not so has no day."""

    occasion: UUID
    word: Word
    happened_on: date | None


async def promise(followed: Subscription, said: Said, message_id: str, tx: Tx) -> None:
    """A notice to whoever follows; one message id is promised once."""
    partner = await tx.require(Partner, followed.partner_id)
    day = None if said.happened_on is None else said.happened_on.isoformat()
    owed_id, body = new_id(), {"message": {"happened_on": day}}
    owed = DciTransaction(
        id=owed_id,
        region=followed.region,
        partner_id=followed.partner_id,
        action=Action.NOTIFY,
        message_id=message_id,
        transaction_id=followed.transaction_id,
        subscription_id=followed.id,
        occasion=said.occasion,
        word=said.word,
        body_sealed=tx.vault.seal(json.dumps(body), body_place(owed_id)),
        delivery=CallbackState.WAITING,
        callback_uri=callback_of(None, partner.address, Action.NOTIFY),
        due_at=tx.now,
        asked_at=tx.now,
    )
    await tx.add_if_new(owed)


async def draw_notice(
    owed: DciTransaction,
    body: JsonObject,
    case: str,
    sources: Sources,
    database: Database,
    actor: Actor,
) -> Drawn | None:
    """The notice, or None where it is not to be told any more: the subscription has ended, she does
    not consent now, or the register does not know her. That something is not so is told of whom it
    does not know as well, where no consent is needed. Raises SourcesAway."""
    async with database.transaction(actor) as tx:
        subscription = await tx.require(Subscription, owed.subscription_id)
        criteria = criteria_of(subscription, tx)
    drawn = None
    if subscription.ended_at is None:
        drawn = await _draw(owed, subscription, criteria, body, case, sources)
    if drawn is None:
        async with database.transaction(actor) as tx:
            await tx.execute(
                "UPDATE dci_transactions SET delivery = $2, status = $3, answered_at = $4,"
                " last_error = 'not-to-be-told', body_sealed = NULL"
                " WHERE id = $1 AND answered_at IS NULL",
                owed.id,
                CallbackState.GIVEN_UP,
                Status.REJECTED,
                tx.now,
            )
    return drawn


async def _draw(
    owed: DciTransaction,
    subscription: Subscription,
    criteria: Criteria,
    body: JsonObject,
    case: str,
    sources: Sources,
) -> Drawn | None:
    asked = Asked(subscription.profile, subscription.purpose)
    entry = await _entry(owed, subscription, asked, criteria, case, sources)
    if entry is None:
        return None
    happened: JsonObject = {"event_id": str(owed.occasion), "event_status": owed.word}
    if body["happened_on"] is not None:
        happened["event_date"] = body["happened_on"]
    message = answers.notice(
        subscription.transaction_id,
        subscription.reference_id,
        owed.asked_at,
        asked,
        criteria.wire_event,
        entry.record | happened,
        criteria.locale,
    )
    return Drawn(message, Look(entry.person_id, asked.why.purpose))


async def _entry(
    owed: DciTransaction,
    subscription: Subscription,
    asked: Asked,
    criteria: Criteria,
    case: str,
    sources: Sources,
) -> Entry | None:
    """What may be told of her now."""
    why, identity = Why(asked.why.purpose, case), Identity(id_number=criteria.id_number)
    found = await sources.find(identity, why)
    if found:
        agreed = await consents(found[0], asked, why, sources)
        return await entry_of(found[0], identity, asked, why, sources) if agreed else None
    if owed.word == Word.ANNULLED and asked.why.consent is None:
        return Entry(subscription.person_id, {}, as_record({}, identity, asked.told))
    return None


async def end_on_withdrawal(event: ConsentWithdrawn, tx: Tx) -> None:
    """She took her consent back: nothing that leaned on it is followed any more, from now on."""
    leaning = [
        code
        for profile in PROFILES.values()
        for code, asked in profile.purposes.items()
        if asked.consent == event.purpose
    ]
    await tx.execute(
        "UPDATE dci_subscriptions SET ended_at = $3, ended_because = $4"
        " WHERE person_id = $1 AND purpose = ANY($2::text[]) AND ended_at IS NULL",
        event.person_id,
        leaning,
        tx.now,
        EndReason.CONSENT_WITHDRAWN,
    )


async def repoint(event: PersonsMerged, tx: Tx) -> None:
    """Two records are of one person: who follows the one follows the other."""
    await tx.execute(
        "UPDATE dci_subscriptions SET person_id = $1 WHERE person_id = $2",
        event.kept_id,
        event.merged_id,
    )
