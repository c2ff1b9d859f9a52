"""The form on the open page: no login, no account; a phone holds the key of its own form.

The key is drawn with the page and comes back with it, so that sending twice, or again after
correcting, is one form. Nobody is registered before the desk has seen the id card, and no record of
anybody can be read here.
"""

import re
import secrets
from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from services.migrant.limits.queries import limits_of
from services.migrant.limits.rules import Limit
from services.migrant.self_registrations.errors import TooManyToday
from services.migrant.self_registrations.handlers import decide, enter, fill_anew
from services.migrant.self_registrations.models import SelfRegistration
from services.migrant.self_registrations.queries import form_of, note
from services.migrant.self_registrations.rules import Status
from services.migrant.self_registrations.schemas import Companion, SelfRegister
from shared.db import Tx
from shared.subjects import login_id

_HERS: Final = tuple(name for name in SelfRegister.model_fields if name != "companions")
_COMPANION: Final = re.compile(
    rf"companions\.([0-9]{{1,3}})\.({'|'.join(Companion.model_fields)})", re.ASCII
)
_KEY: Final = re.compile(r"[A-Za-z0-9_-]{43}")
_OPEN = (
    "SELECT * FROM self_registrations WHERE login_id = $1 AND form_sealed IS NOT NULL FOR UPDATE"
)
_COUNT = """
INSERT INTO form_counts AS counted (mark, day, forms) VALUES ($1, $2, 1)
ON CONFLICT (mark) DO UPDATE SET forms = counted.forms + 1 WHERE counted.forms < $3
RETURNING forms
"""
_WITHOUT_LOGIN = """
SELECT count(*) FROM self_registrations WHERE form_sealed IS NOT NULL AND sub_sealed IS NULL
"""


async def count_form(address: str, tx: Tx) -> None:
    """Keeps one network address from filling the desk's queue, however many replicas there are. Of
    the address only a keyed mark of this day is written, which is gone the next. Raises
    TooManyToday."""
    most = (await limits_of(tx.actor.region, tx))[Limit.FORMS_ADDRESS_DAY]
    mark = tx.vault.index(f"{tx.today}:{address}", "form_address")
    if await tx.fetch_value(_COUNT, mark, tx.today, most) is None:
        raise TooManyToday()


def key_of(sent: str) -> str:
    """The key that came with a form, or a new one (256 bits)."""
    return sent if _KEY.fullmatch(sent) else secrets.token_urlsafe(32)


def tidy(fields: Mapping[str, str]) -> tuple[dict[str, str], int]:
    """What was typed into the fields of the form, without spaces around it, and how many
    companions were: those left empty are gone, the others are numbered anew."""
    values = {name: fields[name].strip() for name in _HERS if fields.get(name, "").strip()}
    companions: dict[int, dict[str, str]] = {}
    for name, text in fields.items():
        if (found := _COMPANION.fullmatch(name)) and text.strip():
            companions.setdefault(int(found[1]), {})[found[2]] = text.strip()
    for place, number in enumerate(sorted(companions)):
        values |= {f"companions.{place}.{name}": text for name, text in companions[number].items()}
    return values, len(companions)


def command_of(values: Mapping[str, str]) -> SelfRegister:
    """What tidy fields say. A home area that was left out is the one in the id number, which the
    desk puts right. Raises ValidationError."""
    command: dict[str, Any] = {"origin_region": values.get("id_number", "")[:6]}
    companions: dict[str, dict[str, str]] = {}
    for name, text in values.items():
        if found := _COMPANION.fullmatch(name):
            companions.setdefault(found[1], {})[found[2]] = text
        else:
            command[name] = text
    return SelfRegister.model_validate(command | {"companions": list(companions.values())})


async def filled_in(key: str, tx: Tx) -> dict[str, str]:
    """What the form of this key says, by field; nothing where there is none to correct."""
    row = await _open_form(key, tx)
    form = form_of(row, tx) if row is not None else None
    if row is None or form is None:
        return {}
    note(row, tx)
    values = form.model_dump(mode="json", exclude_none=True)
    companions = values.pop("companions")
    for place, companion in enumerate(companions):
        values |= {f"companions.{place}.{name}": text for name, text in companion.items()}
    return values


async def send_form(key: str, command: SelfRegister, tx: Tx) -> SelfRegistration:
    """Put the form of this key into the desk's queue, or correct it there. Raises
    OutsideJurisdiction, TooManyToday."""
    row = await _open_form(key, tx)
    if row is not None:
        await fill_anew(row, command, tx)
    else:
        most = (await limits_of(tx.actor.region, tx))[Limit.FORMS_WAITING]
        if await tx.fetch_value(_WITHOUT_LOGIN) >= most:
            raise TooManyToday()
        row = await enter(_login(key), command, tx)
    note(row, tx)
    return row


async def take_back(key: str, tx: Tx) -> None:
    """Erase what the form of this key says; a form that is not there, or decided, stays as it
    is."""
    row = await _open_form(key, tx)
    if row is not None:
        await decide(row, Status.WITHDRAWN, tx)
        note(row, tx)


async def _open_form(key: str, tx: Tx) -> SelfRegistration | None:
    found = await tx.find(SelfRegistration, _OPEN, _login(key))
    return found[0] if found and found[0].expires_at > tx.now else None


def _login(key: str) -> UUID:
    return login_id(f"page:{key}")
