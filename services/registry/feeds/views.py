"""How batches, lines and conflicts are shown."""

import json
from uuid import UUID

from services.registry.feeds.meanings import FIELDS, Department, FieldType, Meaning, Values
from services.registry.feeds.models import Decision, Effect, Feed, FeedLine, FeedStatus
from services.registry.feeds.profile_rules import Profile
from services.registry.feeds.reasons import FAILURE_TEXT, REASON_TEXT, Failure, Outcome, Reason
from services.registry.feeds.schemas import (
    ComparisonView,
    ConflictView,
    FailureView,
    FeedView,
    LineView,
)
from services.registry.persons.rules import shown_id_number
from services.registry.tasks.models import Task, TaskKind
from shared.crypto import Vault, mask
from shared.usage import Purpose


def month_text(feed: Feed) -> str:
    return f"{feed.month:%Y-%m}"


def feed_view(feed: Feed, language: str) -> FeedView:
    failure = None
    if feed.failure:
        failure = FailureView(
            code=feed.failure,
            reason=FAILURE_TEXT[Failure(feed.failure)].say(language),
            columns=feed.failure_columns,
            line=feed.failure_line,
        )
    comparison = None
    if feed.in_both is not None and feed.only_there is not None:
        comparison = ComparisonView(
            in_both=feed.in_both, only_there=feed.only_there, only_here=feed.only_here
        )
    return FeedView(
        id=feed.id,
        code=feed.code,
        department=Department(feed.department),
        meaning=Meaning(feed.meaning),
        region=feed.region,
        month=month_text(feed),
        dry_run=feed.dry_run,
        status=FeedStatus(feed.status),
        percent=min(100, feed.position * 100 // feed.total) if feed.total else 0,
        lines_read=feed.lines_read,
        new=feed.lines_new,
        changed=feed.lines_changed,
        unchanged=feed.lines_unchanged,
        conflicting=feed.lines_conflicting,
        rejected=feed.lines_rejected,
        restored=feed.restored,
        left_over=feed.left_over,
        dropped=feed.dropped,
        failure=failure,
        comparison=comparison,
        created_at=feed.created_at,
        compared_at=feed.compared_at,
        applied_at=feed.applied_at,
        finished_at=feed.finished_at,
    )


def cells_of(line: FeedLine, vault: Vault) -> Values | None:
    """The line's fields in clear, while they are kept."""
    if line.cells_sealed is None:
        return None
    text = vault.open(line.cells_sealed, f"feed_lines.cells:{line.id}")
    found: Values = json.loads(text)
    return found


def masked(values: Values | None, meaning: Meaning) -> Values | None:
    """Names by their first character, numbers by their ends."""
    if values is None:
        return None
    kinds = {name: FIELDS[meaning][name].type for name in values}
    return {
        name: mask(text, 1, 0)
        if kinds[name] is FieldType.NAME
        else mask(text, 6, 2)
        if kinds[name] is FieldType.ID_NUMBER
        else text
        for name, text in values.items()
    }


def as_purpose_allows(values: Values | None, meaning: Meaning, purpose: Purpose) -> Values | None:
    """In clear, but for numbers that the purpose does not need whole."""
    if values is None:
        return None
    return {
        name: shown_id_number(text, purpose)
        if FIELDS[meaning][name].type is FieldType.ID_NUMBER
        else text
        for name, text in values.items()
    }


def line_view(
    line: FeedLine, meaning: Meaning, profile: Profile, language: str, vault: Vault
) -> LineView:
    reason = Reason(line.reason) if line.reason else None
    return LineView(
        line=line.line,
        outcome=Outcome(line.outcome),
        code=reason,
        reason=REASON_TEXT[reason].say(language) if reason else None,
        field=line.field,
        column=profile.column_of(line.field) if line.field else None,
        happened_on=line.happened_on,
        person_id=line.person_id,
        other_person_id=line.other_person_id,
        effect=Effect(line.effect) if line.effect else None,
        decision=Decision(line.decision) if line.decision else None,
        said=masked(cells_of(line, vault), meaning),
    )


def conflict_view(task: Task, line: FeedLine, language: str = "zh") -> ConflictView:
    reason = Reason(line.reason) if line.reason else None
    return ConflictView(
        task_id=task.id,
        kind=TaskKind(task.kind),
        feed_id=line.feed_id,
        line=line.line,
        code=reason,
        reason=REASON_TEXT[reason].say(language) if reason else None,
        region=task.region,
        person_id=task.person_id,
        happened_on=task.happened_on,
        decision=Decision(line.decision) if line.decision else None,
        settled_at=task.settled_at,
    )


def persons_of(line: FeedLine) -> list[UUID]:
    return [each for each in (line.person_id, line.other_person_id) if each is not None]
