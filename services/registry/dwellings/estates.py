"""Writing and reading estates (小区)."""

from uuid import UUID

from services.registry.dwellings.models import Estate, EstateKind
from services.registry.dwellings.schemas import CorrectEstate, EstateView, RegisterEstate
from services.registry.errors import EstateExists
from services.registry.persons.rules import shown_phone
from services.registry.regions.queries import require_region
from shared.actors import narrow
from shared.crypto import mask
from shared.db import Tx
from shared.ids import new_id
from shared.pages import BEFORE_ALL, Page, encode_cursor, id_in
from shared.problems import OutsideJurisdiction, StaleVersion


async def register_estate(command: RegisterEstate, tx: Tx) -> EstateView:
    """Raises OutsideJurisdiction, UnknownRegion, EstateExists."""
    if not tx.actor.covers(command.region):
        raise OutsideJurisdiction()
    await require_region(command.region, tx)
    estate = Estate(
        id=new_id(),
        **command.model_dump(exclude={"manager_phone"}),
        recorded_at=tx.now,
        recorded_by=tx.actor.sub,
    )
    await _require_new_name(estate, tx)
    _set_phone(estate, command.manager_phone, tx)
    await tx.add(estate)
    return await _view_of(estate, tx)


async def correct_estate(
    command: CorrectEstate, estate_id: UUID, version: int, tx: Tx
) -> EstateView:
    """Its buildings take the new name along. Raises NotFound, StaleVersion, EstateExists."""
    estate = await tx.require(Estate, estate_id, lock=True)
    if estate.version != version:
        raise StaleVersion()
    given = command.model_dump(exclude_unset=True)
    if "manager_phone" in given:
        _set_phone(estate, given.pop("manager_phone"), tx)
    renamed = given.get("name", estate.name) != estate.name
    for field, value in given.items():
        setattr(estate, field, value)
    await _require_new_name(estate, tx)
    estate.recorded_at, estate.recorded_by = tx.now, tx.actor.sub
    await tx.save(estate)
    if renamed:
        await tx.execute(
            "UPDATE dwellings SET estate = $2, version = version + 1, recorded_at = $3,"
            " recorded_by = $4 WHERE estate_id = $1",
            estate.id,
            estate.name,
            tx.now,
            tx.actor.sub,
        )
    return await _view_of(estate, tx)


async def get_estate(estate_id: UUID, tx: Tx) -> EstateView:
    """Raises NotFound."""
    return await _view_of(await tx.require(Estate, estate_id), tx)


async def list_estates(
    region: str | None, limit: int, cursor: str | None, tx: Tx
) -> Page[EstateView]:
    """Estates of a region in the order they were entered. Raises OutsideJurisdiction."""
    found = await tx.find(
        Estate,
        "SELECT * FROM estates WHERE region LIKE $1 AND id > $2 ORDER BY id LIMIT $3",
        narrow(tx.actor, region) + "%",
        id_in(cursor) or BEFORE_ALL,
        limit + 1,
    )
    items = [await _view_of(estate, tx) for estate in found[:limit]]
    return Page(items=items, next=encode_cursor(str(items[-1].id)) if found[limit:] else None)


def manager_phone_of(estate: Estate, tx: Tx) -> str | None:
    """As the purpose may see it: whole to register or to serve, masked otherwise."""
    if estate.manager_phone_sealed is None:
        return None
    phone = tx.vault.open(estate.manager_phone_sealed, _place(estate))
    return shown_phone(phone, tx.purpose) if tx.purpose else mask(phone, 3, 2)


def _set_phone(estate: Estate, phone: str | None, tx: Tx) -> None:
    estate.manager_phone_sealed = tx.vault.seal(phone, _place(estate)) if phone else None


def _place(estate: Estate) -> str:
    return f"estates.manager_phone:{estate.id}"


async def _require_new_name(estate: Estate, tx: Tx) -> None:
    if await tx.fetch_value(
        "SELECT 1 FROM estates WHERE region = $1 AND name = $2 AND id <> $3",
        estate.region,
        estate.name,
        estate.id,
    ):
        raise EstateExists()


async def _view_of(estate: Estate, tx: Tx) -> EstateView:
    dwellings = await tx.fetch_value(
        "SELECT count(*) FROM dwellings WHERE estate_id = $1 AND closed_on IS NULL", estate.id
    )
    return EstateView(
        **estate.model_dump(include={"id", "version", "region", "name", "manager_org"}),
        kind=EstateKind(estate.kind),
        manager_phone=manager_phone_of(estate, tx),
        dwellings=dwellings,
    )
