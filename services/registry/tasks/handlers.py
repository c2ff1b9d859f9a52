"""Writing tasks."""

from collections.abc import Sequence
from uuid import UUID

from services.registry.errors import RecordClosed
from services.registry.tasks.models import Task, TaskKind
from services.registry.tasks.queries import view_of
from services.registry.tasks.schemas import OpenTask, SettleTask, TaskView
from shared.db import Tx
from shared.ids import new_id
from shared.problems import NotFound


async def open_task(command: OpenTask, tx: Tx) -> None:
    """Leave something for a clerk; once for one kind and source."""
    await tx.execute(
        "INSERT INTO tasks (id, kind, source, source_id, region, other_region, person_id,"
        " household_id, happened_on, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
        " ON CONFLICT (kind, source, source_id) DO NOTHING",
        new_id(),
        command.kind.value,
        command.source,
        command.source_id,
        command.region,
        command.other_region,
        command.person_id,
        command.household_id,
        command.happened_on,
        tx.now,
    )


async def settle_task(
    command: SettleTask, task_id: UUID, kinds: Sequence[TaskKind], tx: Tx
) -> TaskView:
    """Raises NotFound, RecordClosed."""
    task = await tx.require(Task, task_id, lock=True)
    if task.kind not in kinds:
        raise NotFound()
    if task.settled_at is not None:
        raise RecordClosed()
    task.outcome = command.outcome
    task.settled_at = tx.now
    task.settled_by = tx.actor.sub
    await tx.save(task)
    return view_of(task, tx)
