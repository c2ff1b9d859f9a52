"""Stock, codes and what is handed out against them."""

from datetime import date
from uuid import UUID

from services.migrant.people.rules import is_office
from services.migrant.places.errors import PlaceClosed
from services.migrant.places.models import Place
from services.migrant.supplies.errors import (
    MoreThanInStock,
    NoSuppliesThere,
    NotYourMachine,
    OneCodeAtATime,
    TooManyForOneCode,
)
from services.migrant.supplies.models import SupplyMovement, SupplyStock
from services.migrant.supplies.queries import require_place, stock_view
from services.migrant.supplies.rules import (
    ITEMS,
    LATEST_REPORT,
    Dispensed,
    change_of,
    expires_on,
    new_code,
    shown_code,
)
from services.migrant.supplies.schemas import (
    CodesView,
    Dispense,
    DispensedView,
    IssueCodes,
    MovementView,
    MoveStock,
    OfflineDispensing,
    ReportDispensings,
    ReportedDispensing,
    ReportView,
    SetReorderLevel,
    StockView,
)
from shared.db import Tx
from shared.ids import new_id

_ADD_TO_DAY = """
INSERT INTO supply_days (place_id, item, day, dispensed, double_uses, unknown_codes, uncovered)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (place_id, item, day) DO UPDATE
SET dispensed = supply_days.dispensed + excluded.dispensed,
    double_uses = supply_days.double_uses + excluded.double_uses,
    unknown_codes = supply_days.unknown_codes + excluded.unknown_codes,
    uncovered = supply_days.uncovered + excluded.uncovered
"""


async def move_stock(command: MoveStock, tx: Tx) -> MovementView:
    """Raises NotFound, PlaceClosed, NoSuppliesThere, MoreThanInStock."""
    await _open(command.place_id, tx)
    stock = await _stock(command.place_id, command.item, tx)
    try:
        change = change_of(command.kind, command.quantity, stock.on_hand)
    except ValueError as error:
        raise MoreThanInStock(on_hand=stock.on_hand) from error
    await _set_stock(stock, stock.on_hand + change, stock.reorder_at, tx)
    movement = SupplyMovement(
        id=new_id(),
        place_id=command.place_id,
        change=change,
        recorded_at=tx.now,
        recorded_by=tx.actor.sub,
        **command.model_dump(exclude={"place_id"}),
    )
    await tx.add(movement)
    return MovementView.model_validate(movement.model_dump())


async def set_reorder_level(command: SetReorderLevel, tx: Tx) -> StockView:
    """Raises NotFound, PlaceClosed, NoSuppliesThere."""
    place = await _open(command.place_id, tx)
    stock = await _stock(place.id, command.item, tx)
    await _set_stock(stock, stock.on_hand, command.reorder_at, tx)
    return stock_view(stock, place)


async def issue_codes(command: IssueCodes, tx: Tx) -> CodesView:
    """Draw codes. Nothing is written but their keyed hashes and the month they end with: not who
    drew them, not for whom, not when. Raises OneCodeAtATime."""
    if command.count > 1 and not is_office(tx.actor):
        raise OneCodeAtATime()
    codes = [new_code() for _ in range(command.count)]
    last_day = expires_on(tx.today)
    await tx.execute(
        "INSERT INTO supply_codes (code_index, expires_on, used)"
        " SELECT code_index, $2, false FROM unnest($1::bytea[]) AS t (code_index)",
        [_index(code, tx) for code in codes],
        last_day,
    )
    return CodesView(codes=[shown_code(code) for code in codes], expires_on=last_day)


async def dispense(command: Dispense, tx: Tx) -> DispensedView:
    """Ask before handing out: the code is used up only where the answer is `dispensed`. Raises
    NotFound, NotYourMachine, PlaceClosed,
    NoSuppliesThere, TooManyForOneCode."""
    place = await _open_for(command.place_id, tx)
    if command.quantity > ITEMS[command.item].most_per_code:
        raise TooManyForOneCode(most=ITEMS[command.item].most_per_code)
    stock = await _stock(place.id, command.item, tx)
    if stock.on_hand < command.quantity:
        return DispensedView(answer=Dispensed.OUT_OF_STOCK)
    answer = await _use(command.code, tx.today, tx)
    if answer is Dispensed.DISPENSED:
        await _set_stock(stock, stock.on_hand - command.quantity, stock.reorder_at, tx)
        await tx.execute(_ADD_TO_DAY, place.id, command.item, tx.today, command.quantity, 0, 0, 0)
    return DispensedView(answer=answer)


async def report_dispensings(command: ReportDispensings, tx: Tx) -> ReportView:
    """Enter what a machine handed out while it was alone. The goods are gone whatever the code
    was: the stock follows, a code used twice is counted and laid to nobody's account. Sent again,
    a report changes nothing. Raises NotFound, NotYourMachine, PlaceClosed,
    NoSuppliesThere."""
    place = await _open_for(command.place_id, tx)
    items = [
        ReportedDispensing(reference=each.reference, answer=await _enter(each, place, tx))
        for each in command.dispensings
    ]
    return ReportView(items=items)


async def _enter(told: OfflineDispensing, place: Place, tx: Tx) -> Dispensed:
    first = await tx.execute(
        "INSERT INTO supply_reports (place_id, reference) VALUES ($1, $2) ON CONFLICT DO NOTHING",
        place.id,
        told.reference,
    )
    if first != "INSERT 0 1":
        return Dispensed.REPORTED_BEFORE
    # A machine's clock may have stood still: what is older counts as of the oldest day believed.
    day = max(told.day, tx.today - LATEST_REPORT)
    answer = await _use(told.code, day, tx)
    stock = await _stock(place.id, told.item, tx)
    covered = min(told.quantity, stock.on_hand)
    await _set_stock(stock, stock.on_hand - covered, stock.reorder_at, tx)
    await tx.execute(
        _ADD_TO_DAY,
        place.id,
        told.item,
        day,
        told.quantity,
        int(answer is Dispensed.USED_BEFORE),
        int(answer is Dispensed.UNKNOWN_CODE),
        told.quantity - covered,
    )
    return answer


async def _use(code: str, day: date, tx: Tx) -> Dispensed:
    """Use a code up, if it is good on that day."""
    index = _index(code, tx)
    used = await tx.execute(
        "UPDATE supply_codes SET used = true"
        " WHERE code_index = $1 AND NOT used AND expires_on >= $2",
        index,
        day,
    )
    if used == "UPDATE 1":
        return Dispensed.DISPENSED
    row = await tx.fetch_row("SELECT used FROM supply_codes WHERE code_index = $1", index)
    if row is None:
        return Dispensed.UNKNOWN_CODE
    return Dispensed.USED_BEFORE if row["used"] else Dispensed.EXPIRED


def _index(code: str, tx: Tx) -> bytes:
    return tx.vault.index(code, "supply_code")


async def _open(place_id: UUID, tx: Tx) -> Place:
    place = await require_place(place_id, tx)
    if not place.open_on(tx.today):
        raise PlaceClosed()
    if place.supplies is None:
        raise NoSuppliesThere()
    return place


async def _open_for(place_id: UUID, tx: Tx) -> Place:
    """A machine hands out at its own place, a clerk at any in her area."""
    place = await _open(place_id, tx)
    if not is_office(tx.actor) and place.machine != tx.actor.sub:
        raise NotYourMachine()
    return place


async def _stock(place_id: UUID, item: str, tx: Tx) -> SupplyStock:
    """The stock of an item, locked until the end of the transaction."""
    await tx.execute(
        "INSERT INTO supply_stock (place_id, item, on_hand, reorder_at) VALUES ($1, $2, 0, 0)"
        " ON CONFLICT DO NOTHING",
        place_id,
        item,
    )
    found = await tx.find(
        SupplyStock,
        "SELECT * FROM supply_stock WHERE place_id = $1 AND item = $2 FOR UPDATE",
        place_id,
        item,
    )
    return found[0]


async def _set_stock(stock: SupplyStock, on_hand: int, reorder_at: int, tx: Tx) -> None:
    stock.on_hand, stock.reorder_at = on_hand, reorder_at
    await tx.save(stock)
