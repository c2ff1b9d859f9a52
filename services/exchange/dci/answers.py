"""Answers in the standard's shapes. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from services.exchange.dci.errors import Rejected
from services.exchange.dci.models import Action, Status
from services.exchange.dci.rules import Asked, Entry
from services.exchange.evidence.rules import moment
from services.exchange.messages.rules import VERSION
from shared.signing import JsonObject

ACTIONS: Final[Mapping[Action, str]] = {
    Action.SEARCH: "on-search",
    Action.SUBSCRIBE: "on-subscribe",
    Action.UNSUBSCRIBE: "on-unsubscribe",
    Action.TXN_STATUS: "txn-on-status",
    Action.NOTIFY: "notify",
}
LISTS: Final[Mapping[Action, str]] = {
    Action.SEARCH: "search_response",
    Action.SUBSCRIBE: "subscribe_response",
}


def envelope(
    action: Action,
    message: JsonObject,
    sender: str,
    receiver: str,
    message_id: UUID,
    counts: tuple[int, int],
    reason: str | None = None,
) -> JsonObject:
    """{header, message} without the time of sending. `counts` are the requests and how many of
    them are done; with a `reason` code the message was rejected as a whole."""
    header: JsonObject = {
        "version": VERSION,
        "message_id": str(message_id),
        "action": ACTIONS[action],
        "status": Status.REJECTED if reason else Status.SUCCEEDED,
        "total_count": counts[0],
        "completed_count": counts[1],
        "sender_id": sender,
        "receiver_id": receiver,
        "is_msg_encrypted": False,
    }
    if reason:
        header["status_reason_code"] = reason
    return {"header": header, "message": message}


def answered(
    action: Action, transaction_id: str, correlation_id: UUID, items: Sequence[JsonObject]
) -> JsonObject:
    """SearchResponse or SubscribeResponse."""
    return {
        "transaction_id": transaction_id,
        "correlation_id": str(correlation_id),
        LISTS[action]: list(items),
    }


def item(reference_id: str, status: Status, at: datetime, locale: str | None = None) -> JsonObject:
    """What every item of an answer says."""
    told: JsonObject = {
        "reference_id": reference_id,
        "timestamp": moment(at),
        "status": status.value,
    }
    return told | ({"locale": locale} if locale else {})


def rejected_item(
    reference_id: str, rejected: Rejected, at: datetime, locale: str | None = None
) -> JsonObject:
    return item(reference_id, Status.REJECTED, at, locale) | {
        "status_reason_code": rejected.code,
        "status_reason_message": f"{rejected.reason.zh} / {rejected.reason.en}",
    }


def found_data(asked: Asked, entries: Sequence[Entry]) -> JsonObject:
    """The records of an item."""
    return {
        "version": VERSION,
        "reg_type": asked.told.registry_type,
        "reg_record_type": asked.told.record_type,
        "reg_records": [each.record for each in entries],
    }


def page_of(size: int, number: int, total: int) -> JsonObject:
    return {"page_size": size, "page_number": number, "total_count": total}


def subscription_info(
    code: UUID, *, standing: bool, at: datetime, wire_event: str, asked: Asked,
    window: tuple[datetime, datetime],
) -> JsonObject:  # fmt: skip
    """SubscriptionInfo. Events are told as they happen: that is what `frequency` says."""
    return {
        "version": VERSION,
        "code": str(code),
        "status": "subscribe" if standing else "unsubscribe",
        "timestamp": moment(at),
        "reg_type": asked.told.registry_type,
        "reg_event_type": wire_event,
        "notify_record_type": asked.told.record_type,
        "frequency": {
            "start_time": moment(window[0]),
            "end_time": moment(window[1]),
            "frequency": "as-it-happens",
        },
    }


def notice(
    transaction_id: str, reference_id: str, at: datetime, asked: Asked, wire_event: str,
    record: JsonObject, locale: str | None,
) -> JsonObject:  # fmt: skip
    """NotifyEventRequest with one event."""
    event: JsonObject = {
        "reference_id": reference_id,
        "timestamp": moment(at),
        "data": {
            "version": VERSION,
            "reg_type": asked.told.registry_type,
            "reg_event_type": wire_event,
            "reg_record_type": asked.told.record_type,
            "reg_records": record,
        },
    }
    if locale:
        event["locale"] = locale
    return {"transaction_id": transaction_id, "notify_event": [event]}
