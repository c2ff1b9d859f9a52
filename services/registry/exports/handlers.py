"""Asking for an export, and calling it off."""

from uuid import UUID

from services.registry.errors import ColumnsNotAllowed, ExportClosed
from services.registry.exports.models import WORKER, Export, ExportStatus
from services.registry.exports.queries import own_export, view_of
from services.registry.exports.rules import allowed_columns, default_columns, in_order
from services.registry.exports.schemas import ExportView, StartExport
from shared.db import Tx
from shared.ids import new_id
from shared.problems import OutsideJurisdiction
from shared.usage import Purpose


async def start_export(command: StartExport, tx: Tx) -> ExportView:
    """Have a file drawn up for the caller alone. Raises OutsideJurisdiction for a region that is
    not the caller's, ColumnsNotAllowed for columns that the purpose does not need."""
    if not tx.actor.covers(command.region):
        raise OutsideJurisdiction()
    purpose = tx.purpose or Purpose.REGISTRATION
    allowed = allowed_columns(command.what, purpose)
    columns = command.columns or default_columns(command.what, purpose)
    if not columns or not set(columns) <= set(allowed):
        raise ColumnsNotAllowed(allowed=allowed)
    export = Export(
        id=new_id(),
        what=command.what,
        format=command.format,
        region=command.region,
        columns=in_order(command.what, columns),
        jurisdiction=tx.actor.region,
        actor_sub=tx.actor.sub,
        actor_name=tx.actor.name,
        actor_org=tx.actor.org,
        purpose=purpose,
        case_reference=tx.case_reference,
        created_at=tx.now,
    )
    await tx.add(export)
    tx.call(WORKER)
    return view_of(export)


async def cancel_export(export_id: UUID, tx: Tx) -> ExportView:
    """Stop an export, or delete its file before its time. Raises NotFound, ExportClosed."""
    export = await own_export(export_id, tx, lock=True)
    if export.status not in (ExportStatus.WAITING, ExportStatus.RUNNING, ExportStatus.FINISHED):
        raise ExportClosed()
    done = export.status == ExportStatus.FINISHED
    export.status = ExportStatus.DELETED if done else ExportStatus.CANCELLED
    export.finished_at = export.finished_at or tx.now
    await tx.save(export)
    await tx.execute("DELETE FROM export_parts WHERE export_id = $1", export.id)
    return view_of(export)
