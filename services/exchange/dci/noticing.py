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
)
from services.exchange.dci.partner_queries import body_place
from services.exchange.dci.profiles import PROFILES, Event
from services.exchange.dci.rules import Asked, Identity, callback_of
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
        partner = await tx.require(Partner, each.partner_id)
        owed_id, body = new_id(), {"message": {"happened_on": happened_on.isoformat()}}
        owed = DciTransaction(
            id=owed_id,
            region=each.region,
            partner_id=each.partner_id,
            action=Action.NOTIFY,
            message_id=f"{each.id}:{occasion}",
            transaction_id=each.transaction_id,
            subscription_id=each.id,
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
    not consent now, or the register does not know her. Raises SourcesAway."""
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
                " last_error = 'not-to-be-told', body_sealed = NULL WHERE id = $1",
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
    why, identity = Why(asked.why.purpose, case), Identity(id_number=criteria.id_number)
    found = await sources.find(identity, why)
    if not found or not await consents(found[0], asked, why, sources):
        return None
    entry = await entry_of(found[0], identity, asked, why, sources)
    message = answers.notice(
        subscription.transaction_id,
        subscription.reference_id,
        owed.asked_at,
        asked,
        criteria.wire_event,
        entry.record | {"event_date": body["happened_on"]},
        criteria.locale,
    )
    return Drawn(message, Look(entry.person_id, asked.why.purpose))


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
