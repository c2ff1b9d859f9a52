"""Reading what is mine. Everything is read by its own feature; this finds out who asks."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from services.migrant.accounts.errors import NotLinked
from services.migrant.certificates.models import Certificate
from services.migrant.certificates.queries import view_of as certificate_view
from services.migrant.certificates.schemas import CertificateView
from services.migrant.employments.models import Employment
from services.migrant.me.rules import OTHER_TRACKERS, WAITING, Waiting, kind_words
from services.migrant.me.schemas import LooksPage, LookView, MeView, Tracker, WaitingFor
from services.migrant.people.queries import current_id, get_person, region_of
from services.migrant.rights.queries import anything_held
from services.migrant.rights.schemas import EmploymentExport
from services.migrant.self_registrations.errors import SelfRegistrationNotFound
from services.migrant.self_registrations.queries import get_latest
from services.migrant.self_registrations.schemas import SelfRegistrationView
from shared.db import Row, Tx
from shared.pages import Page, decode_cursor, encode_cursor, id_in
from shared.problems import MalformedRequest, Text
from shared.subjects import herself, login_id, require_subject_access
from shared.usage import PURPOSE_WORDS, Purpose

_LOOKS = """
SELECT id, at, actor_sub, actor_org, purpose, kind FROM usage_entries
WHERE subject_id = ANY($1::uuid[]) AND ($2::timestamptz IS NULL OR (at, id) < ($2, $3))
ORDER BY at DESC, id DESC LIMIT $4
"""
_IDS = "SELECT $1::uuid AS id UNION ALL SELECT alias_id FROM subject_aliases WHERE subject_id = $1"


async def own_id(tx: Tx) -> UUID:
    """Whose login asks. Raises WrongPurpose, NotLinked, and PersonNotFound when nothing is held
    about her here."""
    require_subject_access(tx)
    own = await herself(tx)
    if own is None:
        raise NotLinked()
    person_id = await current_id(own, tx)
    await anything_held(person_id, tx)
    return person_id


async def get_me(language: str, tx: Tx) -> MeView:
    person_id = await own_id(tx)
    met = await region_of(person_id, tx) is not None
    if not met:
        tx.saw(person_id, "person")
    return MeView(
        person_id=person_id,
        person=await get_person(person_id, language, tx) if met else None,
        waiting=await _waiting(person_id, language, tx),
    )


async def _waiting(person_id: UUID, language: str, tx: Tx) -> list[WaitingFor]:
    """In one statement: a phone waits for it."""
    parts = (
        f"SELECT {n} AS n, id, day FROM ({each.sql}) AS part{n}"  # noqa: S608 our own
        for n, each in enumerate(WAITING)
    )
    rows = await tx.fetch(
        " UNION ALL ".join(parts) + " ORDER BY day NULLS LAST, n, id", person_id, tx.now
    )
    return [_waiting_for(WAITING[row["n"]], row["id"], row["day"], language) for row in rows]


def _waiting_for(waiting: Waiting, id: UUID, day: date | None, language: str) -> WaitingFor:
    return WaitingFor(
        kind=waiting.kind,
        id=id,
        day=day,
        text=waiting.text.say(language),
        address="/migrant/v1/" + waiting.path.format(id=id),
    )


async def get_my_self_registration(tx: Tx) -> SelfRegistrationView:
    """Her last one, linked or not yet. Raises SelfRegistrationNotFound."""
    require_subject_access(tx)
    latest = await get_latest(tx)
    if latest is None:
        raise SelfRegistrationNotFound()
    return latest


async def list_my_certificates(limit: int, cursor: str | None, tx: Tx) -> Page[CertificateView]:
    found, more = await _mine(Certificate, "certificate", limit, cursor, tx)
    return Page(items=[certificate_view(each) for each in found], next=more)


async def list_my_employments(limit: int, cursor: str | None, tx: Tx) -> Page[EmploymentExport]:
    found, more = await _mine(Employment, "employment", limit, cursor, tx)
    views = [EmploymentExport.model_validate(each.model_dump()) for each in found]
    return Page(items=views, next=more)


async def _mine(
    model: type[Row], kind: str, limit: int, cursor: str | None, tx: Tx
) -> tuple[Sequence[Row], str | None]:
    """A page of her rows of a table, the newest first, and the cursor of the next."""
    person_id = await own_id(tx)
    found = await tx.find(
        model,
        f"SELECT * FROM {model.__tablename__} WHERE person_id = $1"  # noqa: S608 our own names
        " AND ($2::uuid IS NULL OR id < $2) ORDER BY id DESC LIMIT $3",
        person_id,
        id_in(cursor),
        limit + 1,
    )
    tx.saw(person_id, kind)
    last = found[limit - 1] if len(found) > limit else None
    return found[:limit], None if last is None else encode_cursor(str(last.model_dump()["id"]))


async def list_my_looks(limit: int, cursor: str | None, language: str, tx: Tx) -> LooksPage:
    """Who looked at what this service holds about her, under any id she ever had here."""
    person_id = await own_id(tx)
    ids = [row["id"] for row in await tx.fetch(_IDS, person_id)]
    before, last_id = _last(cursor)
    rows = await tx.fetch(_LOOKS, ids, before, last_id, limit + 1)
    page, known = rows[:limit], frozenset(ids)
    return LooksPage(
        items=[
            LookView(
                at=row["at"],
                office=row["actor_org"],
                purpose=(purpose := Purpose(row["purpose"])),
                why=Text(*PURPOSE_WORDS[purpose]).say(language),
                kind=row["kind"],
                what=kind_words(row["kind"], language),
                own=login_id(row["actor_sub"]) in known or row["actor_sub"] in map(str, known),
            )
            for row in page
        ],
        next=encode_cursor(page[-1]["at"].isoformat(), page[-1]["id"])
        if len(rows) > limit
        else None,
        elsewhere=[
            Tracker(service=name, address=f"/{name}/datatracker/v2/findUsage?userCode={person_id}")
            for name in OTHER_TRACKERS
        ],
    )


def _last(cursor: str | None) -> tuple[datetime | None, int]:
    """The key of the last look seen. Raises MalformedRequest."""
    if cursor is None:
        return None, 0
    key = decode_cursor(cursor)
    try:
        at, last_id = key
        moment = datetime.fromisoformat(at)
        if type(last_id) is int and 0 < last_id < 2**63 and moment.tzinfo is not None:
            return moment, last_id
    except (TypeError, ValueError):
        pass
    raise MalformedRequest(Text("cursor 无效", "The cursor is not valid"))
