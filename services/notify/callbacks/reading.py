"""What a provider's call says, by its shape. Pure."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import parse_qsl

from pydantic import JsonValue, ValidationError

from services.notify.providers.cloud.shapes import Entries, at, word_at
from services.notify.receipts.rules import PartState
from services.notify.receipts.schemas import InboundText, Receipt
from shared.problems import MalformedBody

MOST = 1000  # entries a call
_CHINA = ("+86", "0086", "86")
_FORM = "application/x-www-form-urlencoded"
_MOBILE = 11  # digits of a number in China


@dataclass(frozen=True, slots=True)
class Caller:
    """A provider that calls us, and how its calls are read."""

    name: str
    receipts: Entries
    inbound: Entries | None


def entries_of(shape: Entries, body: bytes, content_type: str, query: str) -> list[JsonValue]:
    """The entries of a call: JSON, or the fields of its address and its form together. Raises
    MalformedBody."""
    if not body or content_type.startswith(_FORM):
        fields: dict[str, JsonValue] = {**_fields(shape, f"{query}&{body.decode('latin-1')}")}
        return [fields]
    try:
        said: JsonValue = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise MalformedBody() from error
    items = said if shape.items is None else at(said, shape.items)
    found: list[JsonValue] = items if isinstance(items, list) else [items]
    if len(found) > MOST:
        raise MalformedBody()
    return found


def _fields(shape: Entries, query: str) -> dict[str, str]:
    """Fields as they are written in an address. Only the text may be in another charset than UTF-8,
    which then another field names (Kannel's %C)."""
    try:
        pairs = parse_qsl(query, keep_blank_values=True, encoding="latin-1", max_num_fields=50)
    except ValueError as error:
        raise MalformedBody() from error
    octets = {name: value.encode("latin-1") for name, value in pairs}
    fields = {name: value.decode(errors="replace") for name, value in octets.items()}
    text = (shape.text or "").removeprefix("/")
    if text in octets and fields.get("charset", "").upper() == "UTF-16BE":
        fields[text] = octets[text].decode("utf-16-be", errors="replace")
    return fields


def receipts_in(shape: Entries, entries: list[JsonValue]) -> list[Receipt]:
    """Those that can be read; the others tell nothing."""
    return list(_receipts(shape, entries))


def _receipts(shape: Entries, entries: list[JsonValue]) -> Iterator[Receipt]:
    for entry in entries:
        state = word_at(entry, shape.state)
        if state is None:
            continue
        read = _state(shape, state)
        code = word_at(entry, shape.code) if read is PartState.FAILED else None
        told: dict[str, object] = {
            "message_id": word_at(entry, shape.id),
            "state": read,
            "code": code and code[:60],
        }
        for reference in (word_at(entry, shape.reference), None):  # one of ours, or none
            try:
                yield Receipt.model_validate({**told, "reference": reference})
                break
            except ValidationError:
                continue


def _state(shape: Entries, word: str) -> PartState:
    if word in shape.delivered:
        return PartState.DELIVERED
    return PartState.PENDING if word in shape.pending else PartState.FAILED


def text_in(shape: Entries, entry: JsonValue, mark: str) -> InboundText | None:
    """A text from a person; None for what is none, or from a number that is no mobile one. `mark`
    is its id where the provider gives none."""
    try:
        return InboundText.model_validate(
            {
                "message_id": word_at(entry, shape.id) or mark,
                "phone": phone_in(shape, entry),
                "text": word_at(entry, shape.text),
            }
        )
    except ValidationError:
        return None


def phone_in(shape: Entries, entry: JsonValue) -> str:
    """The number as it is dialled in China."""
    phone = (word_at(entry, shape.phone) or "").strip()
    for prefix in _CHINA:
        if phone.startswith(prefix) and len(phone) == len(prefix) + _MOBILE:
            return phone.removeprefix(prefix)
    return phone
