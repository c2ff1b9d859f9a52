"""The catalogue of entitlements as it holds in an area, and what of it is told."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import cache
from importlib.resources import files

from pydantic import TypeAdapter

from services.migrant.entitlements.answering import (
    DEPARTMENTS,
    missing,
    open_now,
    reasons,
    speaks_for,
)
from services.migrant.entitlements.models import CatalogueVersion
from services.migrant.entitlements.rules import Entitlement, Situation, suits
from services.migrant.entitlements.schemas import (
    CatalogueEntryView,
    CatalogueVersionView,
    EntitlementView,
    Question,
)
from services.migrant.entitlements.versions import (
    Approved,
    VersionState,
    catalogue_of,
    in_force,
)
from services.migrant.places.models import Place
from services.migrant.places.queries import places_for
from services.migrant.places.queries import told as told_places
from shared.actors import narrow
from shared.db import Tx
from shared.pages import BEFORE_ALL, Page, encode_cursor, id_in
from shared.problems import NotFound

Places = Mapping[str, Sequence[Place]]


@cache
def shipped() -> tuple[Entitlement, ...]:
    """The catalogue that comes with the program. Read once; raises ValidationError when the file
    is not in form."""
    text = files("services.migrant.entitlements").joinpath("catalogue.json").read_bytes()
    return tuple(TypeAdapter(list[Entitlement]).validate_json(text))


async def catalogue(area: str, on: date, tx: Tx) -> list[Entitlement]:
    """What can be had in `area` on a day."""
    return catalogue_of(shipped(), in_force(await _approved(area, tx), area, on))


async def find_entry(code: str, area: str, tx: Tx) -> Entitlement:
    """The entry that holds in `area` today. Raises NotFound."""
    for each in await catalogue(area, tx.today, tx):
        if each.id == code:
            return each
    raise NotFound()


async def list_entitlements(
    situation: Situation, language: str, tx: Tx, region: str | None = None
) -> Sequence[EntitlementView]:
    """What suits what she told, with the offices to go to; in the county where no region is
    named."""
    area = region or tx.actor.region
    entries = await catalogue(area, tx.today, tx)
    return told(entries, situation, language, await places_for(area, tx))


async def answer(question: Question, language: str, tx: Tx) -> Sequence[EntitlementView]:
    """As `list_entitlements`, of one life phase or of the named ids where the question says so."""
    views = await list_entitlements(question, language, tx, question.region)
    wanted = question.wanted
    return [
        each
        for each in views
        if (wanted is None or each.id in wanted)
        and (question.phase is None or question.phase in each.phases)
    ]


def told(
    entries: Iterable[Entitlement],
    situation: Situation,
    language: str,
    places: Places | None = None,
) -> Sequence[EntitlementView]:
    return [
        _view(each, situation, language, places or {}) for each in entries if suits(each, situation)
    ]


def _view(
    entry: Entitlement, situation: Situation, language: str, places: Places
) -> EntitlementView:
    lacking = missing(entry, situation)
    return EntitlementView(
        id=entry.id,
        title=entry.title.say(language),
        who=entry.who.say(language),
        where=entry.where.say(language),
        papers=entry.papers.say(language),
        cost=entry.cost.say(language),
        source=entry.source,
        from_months=entry.from_months,
        open_now=open_now(entry, situation),
        why=[each.say(language) for each in reasons(entry, situation)],
        fits=speaks_for(entry, situation),
        missing=lacking and lacking.say(language),
        steps=[each.say(language) for each in entry.steps],
        time_limit=entry.time_limit.say(language),
        department=entry.department,
        department_name=DEPARTMENTS[entry.department].say(language),
        channels=entry.channels,
        phases=entry.phases,
        can_be_referred=entry.service is not None,
        offices=told_places(places.get(entry.department, ()), language),
    )


# what the offices that keep it read


async def get_entry(code: str, area: str | None, on: date | None, tx: Tx) -> CatalogueEntryView:
    """An entry as it holds in an area on a day. Raises NotFound, OutsideJurisdiction."""
    place = narrow(tx.actor, area)
    standing = in_force(await _approved(place, tx), place, on or tx.today).get(code)
    entry = standing.entry if standing else next((e for e in shipped() if e.id == code), None)
    number = await latest_number(place, code, tx)
    if entry is None and standing is None and number == 0:
        raise NotFound()
    return CatalogueEntryView(
        id=code,
        area=standing.area if standing else None,
        number=number,
        effective_from=standing.effective_from if standing else None,
        entry=entry,
    )


async def list_versions(
    code: str | None, state: VersionState | None, limit: int, cursor: str | None, tx: Tx
) -> Page[CatalogueVersionView]:
    """The versions that the caller's area and the areas inside it proposed, in that order."""
    found = await tx.find(
        CatalogueVersion,
        "SELECT * FROM catalogue_versions WHERE starts_with(area, $1)"
        " AND ($2::text IS NULL OR code = $2) AND ($3::text IS NULL OR state = $3)"
        " AND id > $4 ORDER BY id LIMIT $5",
        tx.actor.region,
        code,
        state,
        id_in(cursor) or BEFORE_ALL,
        limit + 1,
    )
    items = [version_view(each) for each in found[:limit]]
    return Page(items=items, next=encode_cursor(str(items[-1].id)) if len(found) > limit else None)


async def latest_number(area: str, code: str, tx: Tx) -> int:
    """How many versions of an entry an area has proposed."""
    return int(
        await tx.fetch_value(
            "SELECT coalesce(max(number), 0) FROM catalogue_versions WHERE area = $1 AND code = $2",
            area,
            code,
        )
    )


def version_view(version: CatalogueVersion) -> CatalogueVersionView:
    return CatalogueVersionView(
        entry=_content(version.content), **version.model_dump(exclude={"content"})
    )


async def _approved(area: str, tx: Tx) -> list[Approved]:
    rows = await tx.fetch(
        "SELECT area, code, number, effective_from, content FROM catalogue_versions"
        " WHERE state = 'approved' AND starts_with($1, area)",
        area,
    )
    return [
        Approved(
            row["area"],
            row["code"],
            row["number"],
            row["effective_from"],
            _content(row["content"]),
        )
        for row in rows
    ]


def _content(content: object) -> Entitlement | None:
    return None if content is None else Entitlement.model_validate(content)
