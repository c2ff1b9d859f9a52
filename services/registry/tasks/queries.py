"""Reading tasks."""

from collections.abc import Sequence

from services.registry.tasks.models import Task, TaskKind
from services.registry.tasks.schemas import TaskView
from shared.actors import narrow
from shared.db import Tx
from shared.pages import BEFORE_ALL, Page, encode_cursor, id_in


async def list_tasks(
    kinds: Sequence[TaskKind],
    *,
    settled: bool,
    region: str | None,
    limit: int,
    cursor: str | None,
    tx: Tx,
) -> Page[TaskView]:
    """Tasks of some kinds in the order they came."""
    found = await tx.find(
        Task,
        "SELECT * FROM tasks WHERE kind = ANY($1) AND (settled_at IS NOT NULL) = $2"
        " AND starts_with(region, $3) AND id > $4 ORDER BY id LIMIT $5",
        [kind.value for kind in kinds],
        settled,
        narrow(tx.actor, region),
        id_in(cursor) or BEFORE_ALL,
        limit + 1,
    )
    items = [view_of(task, tx) for task in found[:limit]]
    return Page(items=items, next=encode_cursor(str(items[-1].id)) if found[limit:] else None)


def view_of(task: Task, tx: Tx) -> TaskView:
    if task.person_id is not None:
        tx.saw(task.person_id, "task")
    return TaskView.model_validate(task.model_dump())
