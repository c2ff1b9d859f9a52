"""Telling and taking monthly figures."""

from uuid import UUID

from services.exchange.errors import BadMessage, NoParticipant, NotAllowedToPeer, OwnRegion
from services.exchange.figures.errors import FiguresTold, NoDepartment
from services.exchange.figures.models import FiguresDirection, FiguresKind, MonthlyFigures
from services.exchange.figures.queries import newest_told, view_of
from services.exchange.figures.rules import (
    DEPARTMENT_KIND,
    SEEN_KIND,
    figures_id,
    hidden_if_small,
    moments_of,
    months_told,
)
from services.exchange.figures.schemas import (
    DepartmentRecord,
    FiguresView,
    SeenFigure,
    SeenRecord,
    SendFigures,
    ToldFigure,
)
from services.exchange.figures.seen import PEERS, seen_of
from services.exchange.messages.door import Received
from services.exchange.messages.handlers import queue_message
from services.exchange.participants.levels import Level
from services.exchange.participants.node import our_node
from services.exchange.participants.queries import find_active
from services.exchange.reconciliations.rules import DAYS_AFTER
from shared.db import Tx
from shared.events.exchange_monthly import SeenByPeer, SeenCount
from shared.ids import new_id
from shared.signing import JsonObject

_LOCK = 0x59464947  # "YFIG": replicas take turns
_PLACES = (Level.COUNTY, Level.CITY)


async def send_figures(command: SendFigures, tx: Tx) -> FiguresView:
    """Raises NoParticipant, OwnRegion, NoDepartment, FiguresTold when other areas or items were
    told for the month: two cuts of one month could tell of a hidden group."""
    node = await our_node(tx)
    if command.to_node == node.id:
        raise OwnRegion()
    peer = await find_active(command.to_node, tx)
    if peer is None:
        raise NoParticipant()
    if not _between(node.level, peer.level):
        raise NoDepartment()
    told = [
        ToldFigure(area=each.area, item=each.item, people=hidden_if_small(each.people))
        for each in command.figures
    ]
    before = await newest_told(FiguresKind.DEPARTMENT, peer.id, command.month, tx)
    if before is not None and _cells(before.figures) != {(e.area, e.item) for e in told}:
        raise FiguresTold()
    record = DepartmentRecord(month=command.month, figures=told)
    return await _tell(FiguresKind.DEPARTMENT, peer.id, record, node.id, tx)


async def tell_seen(tx: Tx) -> int:
    """Tell each county and city what we saw of its offices in the month past, and again of that
    month and the ones before it when it changed: an answer may be corrected, or an inquiry found
    not to have been overdue. Nothing where nothing ever was. Returns how many were told."""
    if tx.today.day <= DAYS_AFTER:
        return 0
    await tx.execute("SELECT pg_advisory_xact_lock($1)", _LOCK)
    node, months = await our_node(tx), months_told(tx.today)
    told = 0
    for row in await tx.fetch(PEERS, node.id):
        for month in months:
            told += await _tell_month(row["id"], month, node.id, tx)
    return told


async def _tell_month(peer: str, month: str, node: str, tx: Tx) -> bool:
    """Whether there was anything to tell that was not told before."""
    figures = await seen_of(peer, *moments_of(month), tx)
    before = await newest_told(FiguresKind.SEEN, peer, month, tx)
    known = [SeenFigure.model_validate(each) for each in before.figures] if before else None
    if figures == known or not (before or any(each.count for each in figures)):
        return False
    await _tell(FiguresKind.SEEN, peer, SeenRecord(month=month, figures=figures), node, tx)
    return True


async def receive_figures(received: Received[DepartmentRecord], tx: Tx) -> None:
    """A department tells us, or a county us as a department. Raises NotAllowedToPeer."""
    node, peer = received.us, await find_active(received.from_node, tx)
    if peer is None or not _between(node.level, peer.level):
        raise NotAllowedToPeer()
    await _keep(FiguresKind.DEPARTMENT, FiguresDirection.IN, peer.id, received.record, tx)


async def receive_seen(received: Received[SeenRecord], tx: Tx) -> None:
    """What another county saw of our offices: kept, and told to the assessment. Raises
    BadMessage, NotAllowedToPeer."""
    node, peer = received.us, await find_active(received.from_node, tx)
    if peer is None or peer.level not in _PLACES:
        raise NotAllowedToPeer()
    said = received.record
    if received.subject_id != figures_id(peer.id, node.id, said.month, FiguresKind.SEEN):
        raise BadMessage()
    await _keep(FiguresKind.SEEN, FiguresDirection.IN, peer.id, said, tx)
    tx.emit(
        SeenByPeer(
            statement_id=received.subject_id,
            from_node=peer.id,
            region=node.region,
            month=said.month,
            counts=[SeenCount(**each.model_dump()) for each in said.figures],
        )
    )


def _between(ours: str, theirs: str) -> bool:
    """Figures go between a place and a department, not from place to place."""
    return Level.DEPARTMENT in (ours, theirs) and any(each in _PLACES for each in (ours, theirs))


def _cells(figures: list[JsonObject]) -> set[tuple[str, str]]:
    return {(str(each["area"]), str(each["item"])) for each in figures}


async def _tell(
    kind: FiguresKind, peer: str, record: DepartmentRecord | SeenRecord, node: str, tx: Tx
) -> FiguresView:
    row = await _keep(kind, FiguresDirection.OUT, peer, record, tx)
    wire = DEPARTMENT_KIND if kind == FiguresKind.DEPARTMENT else SEEN_KIND
    about: UUID = figures_id(node, peer, record.month, kind)
    await queue_message(peer, wire, about, record.model_dump(mode="json"), tx)
    return view_of(row)


async def _keep(
    kind: FiguresKind,
    direction: FiguresDirection,
    peer: str,
    record: DepartmentRecord | SeenRecord,
    tx: Tx,
) -> MonthlyFigures:
    row = MonthlyFigures(
        id=new_id(),
        direction=direction,
        kind=kind,
        peer=peer,
        month=record.month,
        figures=[each.model_dump(mode="json") for each in record.figures],
        said_at=tx.now,
    )
    await tx.add(row)
    return row
