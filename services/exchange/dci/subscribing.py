"""Subscriptions: made for one named person, followed, ended."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from services.exchange.dci import answers
from services.exchange.dci.errors import (
    BAD_CODE,
    BAD_DETAILS,
    BAD_PERSON,
    SUBSCRIBED_ALREADY,
    UNSUBSCRIBED_ALREADY,
    Rejected,
)
from services.exchange.dci.models import DciTransaction, EndReason, Partner, Status, Subscription
from services.exchange.dci.reading import read_wish
from services.exchange.dci.rules import Asked, Wish
from services.exchange.dci.schemas import SubscribeItem, SubscribeRequest, UnsubscribeRequest
from services.exchange.dci.searching import allowed_to, check_item, consents
from services.exchange.dci.sources import Sources, Why
from services.exchange.evidence.rules import moment
from shared.db import Tx
from shared.ids import new_id
from shared.signing import JsonObject

LONGEST: Final = timedelta(days=366)  # then it is asked for anew, and looked at anew


@dataclass(frozen=True)
class Wanted:
    """An item that may be subscribed, or why it may not."""

    item: SubscribeItem
    wish: Wish | None = None
    person_id: UUID | None = None
    rejected: Rejected | None = None


@dataclass(frozen=True)
class Criteria:
    """What a subscription keeps sealed: her id number, and how the event is to be called."""

    id_number: str
    wire_event: str
    locale: str | None


def criteria_place(subscription_id: UUID) -> str:
    return f"dci_subscriptions.criteria:{subscription_id}"


def criteria_of(subscription: Subscription, tx: Tx) -> Criteria:
    text = tx.vault.open(subscription.criteria_sealed, criteria_place(subscription.id))
    return Criteria(**json.loads(text))


async def look_up(
    message: SubscribeRequest,
    partner: Partner,
    case: str,
    own_references: Collection[str],
    sources: Sources,
    now: datetime,
) -> Sequence[Wanted]:
    """Finds who is meant in each item; no transaction is open meanwhile. Raises SourcesAway."""
    wanted, left = [], set(own_references)
    for each in message.subscribe_request:
        try:
            check_item(each.reference_id, each.timestamp, left, now)
            wish = read_wish(each.subscribe_criteria, allowed_to(partner))
            person_id = await _person_of(wish, case, sources)
            wanted.append(Wanted(each, wish, person_id))
        except Rejected as rejected:
            wanted.append(Wanted(each, rejected=rejected))
    return wanted


async def _person_of(wish: Wish, case: str, sources: Sources) -> UUID:
    """Not known and not consenting are told alike. Raises Rejected, SourcesAway."""
    why = Why(wish.asked.why.purpose, case)
    found = await sources.find(wish.identity, why)
    if not found or not await consents(found[0], wish.asked, why, sources):
        raise Rejected(BAD_PERSON, "没有可订阅的此人", "Nobody whose events could be followed")
    return found[0].person_id


async def subscribe(
    wanted: Sequence[Wanted], transaction: DciTransaction, tx: Tx
) -> list[JsonObject]:
    """The items of the answer."""
    items = []
    for each in wanted:
        reference_id, locale = each.item.reference_id, each.item.locale
        try:
            info = await _subscribe(each, transaction, tx)
        except Rejected as rejected:
            items.append(answers.rejected_item(reference_id, rejected, tx.now, locale))
        else:
            made = answers.item(reference_id, Status.SUCCEEDED, tx.now, locale)
            items.append(made | {"subscriptions": [info]})
    return items


async def _subscribe(each: Wanted, transaction: DciTransaction, tx: Tx) -> JsonObject:
    """Raises Rejected."""
    if each.rejected is not None or each.wish is None or each.person_id is None:
        raise each.rejected or Rejected(BAD_PERSON, "没有此人", "Nobody")
    since, until = _window(each.item, tx.now)
    wish = each.wish
    known = await tx.fetch_value(
        "SELECT id FROM dci_subscriptions WHERE partner_id = $1 AND person_id = $2 AND event = $3"
        " AND purpose = $4 AND ended_at IS NULL AND until > $5",
        transaction.partner_id,
        each.person_id,
        wish.event,
        wish.asked.purpose,
        tx.now,
    )
    if known is not None:
        raise Rejected(SUBSCRIBED_ALREADY, "已经订阅", "It is followed already")
    code = new_id()
    criteria = Criteria(
        str(wish.identity.id_number), each.item.subscribe_criteria.reg_event_type, each.item.locale
    )
    made = Subscription(
        id=code,
        region=transaction.region,
        partner_id=transaction.partner_id,
        asked_in=transaction.id,
        transaction_id=transaction.transaction_id,
        reference_id=each.item.reference_id,
        person_id=each.person_id,
        profile=wish.asked.profile,
        event=wish.event,
        purpose=wish.asked.purpose,
        criteria_sealed=tx.vault.seal(json.dumps(vars(criteria)), criteria_place(code)),
        since=since,
        until=until,
        created_at=tx.now,
    )
    await tx.add(made)
    return info_of(made, tx)


def _window(item: SubscribeItem, now: datetime) -> tuple[datetime, datetime]:
    """From when until when; a year at most. Raises Rejected."""
    frequency = item.subscribe_criteria.frequency
    if frequency is None:
        return now, now + LONGEST
    since, until = frequency.start_time, min(frequency.end_time, now + LONGEST)
    if until <= max(since, now):
        raise Rejected(BAD_DETAILS, "订阅期已过或颠倒", "The time to follow is over, or none")
    return since, until


def info_of(subscription: Subscription, tx: Tx) -> JsonObject:
    """How a subscription stands, in the standard's shape."""
    standing = subscription.ended_at is None and subscription.until > tx.now
    return answers.subscription_info(
        subscription.id,
        standing=standing,
        at=subscription.ended_at or subscription.created_at,
        wire_event=criteria_of(subscription, tx).wire_event,
        asked=Asked(subscription.profile, subscription.purpose),
        window=(subscription.since, subscription.until),
    )


async def unsubscribe(
    message: UnsubscribeRequest, transaction: DciTransaction, tx: Tx
) -> JsonObject:
    """UnSubscribeResponse. A code that is not the partner's ends nothing at all."""
    codes = [code for text in message.subscription_codes if (code := _uuid(text)) is not None]
    found = await tx.find(
        Subscription,
        "SELECT * FROM dci_subscriptions WHERE partner_id = $1 AND id = ANY($2::uuid[])"
        " ORDER BY id FOR UPDATE",
        transaction.partner_id,
        codes,
    )
    answer: JsonObject = {
        "transaction_id": message.transaction_id,
        "correlation_id": str(transaction.id),
        "timestamp": moment(tx.now),
        "status": Status.SUCCEEDED.value,
    }
    try:
        await _end(found, len(set(message.subscription_codes)), tx)
    except Rejected as rejected:
        answer |= {
            "status": Status.REJECTED.value,
            "status_reason_code": rejected.code,
            "status_reason_message": f"{rejected.reason.zh} / {rejected.reason.en}",
        }
    states: list[JsonObject] = [
        {"code": str(each.id), "status": "subscribe" if each.ended_at is None else "unsubscribe"}
        for each in found
    ]
    return answer | {"subscription_status": [*states]}


async def _end(found: Sequence[Subscription], wanted: int, tx: Tx) -> None:
    if len(found) != wanted:
        raise Rejected(BAD_CODE, "没有这个订阅", "No such subscription of yours")
    standing = [each for each in found if each.ended_at is None]
    if not standing:
        raise Rejected(UNSUBSCRIBED_ALREADY, "早已退订", "It is not followed any more")
    for each in standing:
        each.ended_at, each.ended_because = tx.now, EndReason.UNSUBSCRIBED
        await tx.save(each)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
