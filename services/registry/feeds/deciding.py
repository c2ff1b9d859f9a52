"""What a clerk decides about a line that contradicts the register."""

import json
from uuid import UUID

from services.registry.errors import CannotTake, RecordClosed
from services.registry.feeds.applying import Done, change, take, trying
from services.registry.feeds.matching import Line, indexed, look_around
from services.registry.feeds.meanings import EVIDENCE, Meaning, Said
from services.registry.feeds.models import Decision, Feed, FeedLine
from services.registry.feeds.reasons import Outcome, Reason
from services.registry.feeds.rules import Verdict, reconcile
from services.registry.feeds.schemas import ConflictView, DecideConflict
from services.registry.feeds.views import conflict_view
from services.registry.persons.handlers import correct_person
from services.registry.persons.models import ResidenceKind
from services.registry.persons.queries import require_person
from services.registry.persons.rules import kind_of_residence
from services.registry.persons.schemas import CorrectPerson, ResidenceInput
from services.registry.tasks.handlers import settle_task
from services.registry.tasks.models import FEED_TASKS, Task, TaskKind, TaskOutcome
from services.registry.tasks.schemas import SettleTask
from shared.crypto import Vault
from shared.db import Tx
from shared.problems import NotFound

_NAMES = {
    Meaning.BIRTH: (("mother_id_number", "mother_name"),),
    Meaning.MARRIAGE: (
        ("first_id_number", "first_name"),
        ("second_id_number", "second_name"),
    ),
}
_TAKEABLE = (Outcome.NEW, Outcome.CHANGED)


def cells_place(line_id: UUID) -> str:
    """What the cells of a line are sealed for."""
    return f"feed_lines.cells:{line_id}"


def opened(line: FeedLine, meaning: Meaning, vault: Vault) -> Line | None:
    """The good line behind a row; None when its cells are erased, or were never understood."""
    if line.cells_sealed is None or line.key_index is None:
        return None
    values = json.loads(vault.open(line.cells_sealed, cells_place(line.id)))
    return indexed(line.line, Said(meaning, values), vault)


async def decide_conflict(command: DecideConflict, task_id: UUID, tx: Tx) -> ConflictView:
    """Raises NotFound, RecordClosed when it was decided, CannotTake (with `reason`) where the
    department's word cannot be taken before something else is done, and what the handlers of
    records and reports raise."""
    task = await tx.require(Task, task_id, lock=True)
    if task.kind not in FEED_TASKS or task.source != "feed-line":
        raise NotFound()
    if task.settled_at is not None:
        raise RecordClosed()
    line = await tx.require(FeedLine, task.source_id, lock=True)
    feed = await tx.require(Feed, line.feed_id)
    if command.decision is Decision.TAKE_THEIRS:
        if task.kind != TaskKind.FEED_CONFLICT:
            raise CannotTake(reason="the-batch-was-withdrawn")
        await _take_theirs(line, feed, command.reason, tx)
    line.decision, line.decided_at, line.decided_by = command.decision, tx.now, tx.actor.sub
    await tx.save(line)
    if command.decision is not Decision.ASK_PERSON:
        updated = command.decision is Decision.TAKE_THEIRS
        outcome = TaskOutcome.UPDATED if updated else TaskOutcome.RIGHT_AS_IT_WAS
        await settle_task(SettleTask(outcome=outcome), task_id, FEED_TASKS, tx)
        task.settled_at = tx.now
    return conflict_view(task, line)


async def _take_theirs(row: FeedLine, feed: Feed, why: str, tx: Tx) -> None:
    line = opened(row, Meaning(feed.meaning), tx.vault)
    if line is None:
        raise CannotTake(reason="the-line-is-erased")
    done = await _taken(line, row, feed, why, tx)
    if done is not None:
        row.effect, row.effect_id = done.effect, done.effect_id
        row.effect_version, row.undo_sealed = done.version, done.undo_sealed


async def _taken(line: Line, row: FeedLine, feed: Feed, why: str, tx: Tx) -> Done | None:
    verdict = await _verdict(line, feed, tx)
    if verdict.reason is Reason.NAME_DIFFERS:
        await _correct_names(line, feed, why, tx)
        verdict = await _verdict(line, feed, tx)
    if verdict.outcome is Outcome.UNCHANGED:
        return None
    if verdict.outcome in _TAKEABLE:
        return await take(line, verdict, row.id, feed, tx)
    if verdict.reason is Reason.HUKOU_DIFFERS:
        return await take(line, verdict, row.id, feed, tx)
    if verdict.reason is Reason.LIVES_ELSEWHERE:
        return await _move_home(line, verdict, row.id, feed, tx)
    arrives = line.said.meaning is Meaning.HUKOU_MOVE and tx.actor.covers(
        line.said.values.get("to_region", "")
    )
    if verdict.reason is Reason.UNKNOWN_PERSON and arrives:
        return await take(line, verdict, row.id, feed, tx)
    raise CannotTake(reason=_FIRST.get(verdict.reason, "settle-it-in-the-record"))


_FIRST: dict[Reason | None, str] = {
    Reason.UNKNOWN_PERSON: "register-the-person-first",
    Reason.RECORDED_DEAD: "annul-the-death-first",
    Reason.DATE_DIFFERS: "correct-the-registered-event",
    Reason.REGISTERED_OTHERWISE: "correct-the-registered-event",
    Reason.SEVERAL_PERSONS: "look-for-duplicates-first",
    Reason.NUMBER_TAKEN: "look-for-duplicates-first",
}


async def _verdict(line: Line, feed: Feed, tx: Tx) -> Verdict:
    around = await look_around([line], feed.department, feed.id, tx)
    return reconcile(line.said, around.around(line), line.content)


async def _correct_names(line: Line, feed: Feed, why: str, tx: Tx) -> None:
    """The clerk's own correction, on the department's word; a withdrawal of the batch asks her to
    look at it again."""
    around = (await look_around([line], feed.department, feed.id, tx)).around(line)
    for number, name in _NAMES.get(line.said.meaning, (("id_number", "name"),)):
        known = around.people.get(number)
        if known is not None and known.name != line.said.text(name):
            person = await require_person(known.id, tx, lock=True)
            command = CorrectPerson(reason=why, name=line.said.text(name))
            await correct_person(command, person.id, person.version, tx)


async def _move_home(line: Line, verdict: Verdict, line_id: UUID, feed: Feed, tx: Tx) -> Done:
    if line.said.meaning not in EVIDENCE or verdict.person_id is None:
        raise CannotTake(reason="settle-it-in-the-record")
    person = await require_person(verdict.person_id, tx)
    region = line.said.text("region")
    home = ResidenceInput(
        region=region,
        kind=ResidenceKind(kind_of_residence(person.hukou_region, region)),
        since=line.said.day("since"),
    )
    command = CorrectPerson(
        reason="部门数据核实 / a department's evidence, looked into", residence=home
    )
    async with trying(tx, feed.department) as inner:
        return await change(command, person.id, line_id, inner)
