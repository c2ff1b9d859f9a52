"""Applying what devices took down: each item by itself, through the handler of its own route."""

import json
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

from pydantic import BaseModel, ValidationError

from services.registry.dwellings.handlers import register_dwelling
from services.registry.dwellings.schemas import RegisterDwelling
from services.registry.field.models import FieldItem, ItemKind, Outcome
from services.registry.field.rules import changed_since, contradicted, field_of
from services.registry.field.schemas import (
    BatchResult,
    FieldBatch,
    FieldFault,
    FieldItemInput,
    ItemProblem,
    ItemResult,
    Words,
)
from services.registry.persons.handlers import correct_person, register_person
from services.registry.persons.models import Person
from services.registry.persons.queries import require_person
from services.registry.persons.schemas import CorrectPerson, RegisterPerson
from services.registry.vital.births import report_birth
from services.registry.vital.deaths import report_death
from services.registry.vital.schemas import ReportBirth, ReportDeath
from shared.db import Tx
from shared.problems import (
    Conflict,
    Forbidden,
    IdempotencyConflict,
    MalformedBody,
    Problem,
    StaleVersion,
    Text,
)
from shared.validation import field_errors

Body = TypeVar("Body", bound=BaseModel)


class Kept(NamedTuple):
    """A record after an item was applied to it."""

    id: UUID
    version: int | None = None
    merged: bool = False


class _ChangedByBoth(Conflict):
    def __init__(self, version: int, fields: list[str]) -> None:
        super().__init__()
        self.version, self.fields = version, fields


async def apply_batch(batch: FieldBatch, tx: Tx) -> BatchResult:
    """Apply the items one after the other; one that fails leaves nothing and spoils no other."""
    items = [await _once(item, tx) for item in batch.items]
    counts = {each: sum(item.outcome == each for item in items) for each in Outcome}
    return BatchResult(
        items=items,
        applied=counts[Outcome.APPLIED],
        conflicts=counts[Outcome.CONFLICT],
        refused=counts[Outcome.REFUSED],
    )


async def _once(item: FieldItemInput, tx: Tx) -> ItemResult:
    """The result of an item, which is the earlier one when it was sent before."""
    content = tx.vault.index(item.model_dump_json(), "field_item")
    claimed = await tx.execute(
        "INSERT INTO field_items (actor_sub, item_id, kind, content, result, captured_at,"
        " received_at) VALUES ($1, $2, $3, $4, '{}', $5, $6) ON CONFLICT DO NOTHING",
        tx.actor.sub,
        item.item_id,
        item.kind.value,
        content,
        item.captured_at,
        tx.now,
    )
    if claimed != "INSERT 0 1":
        return await _earlier_result(item, content, tx)
    result = await _result(item, tx)
    await tx.execute(
        "UPDATE field_items SET result = $3 WHERE actor_sub = $1 AND item_id = $2",
        tx.actor.sub,
        item.item_id,
        result.model_dump(mode="json"),
    )
    return result


async def _earlier_result(item: FieldItemInput, content: bytes, tx: Tx) -> ItemResult:
    (earlier,) = await tx.find(
        FieldItem,
        "SELECT * FROM field_items WHERE actor_sub = $1 AND item_id = $2",
        tx.actor.sub,
        item.item_id,
    )
    if earlier.content != content:
        return _refused(item, _problem(IdempotencyConflict()))
    return ItemResult.model_validate(earlier.result).model_copy(update={"repeated": True})


async def _result(item: FieldItemInput, tx: Tx) -> ItemResult:
    try:
        async with tx.attempt():
            kept = await _APPLY[item.kind](item, tx)
    except _ChangedByBoth as conflict:
        return ItemResult(
            item_id=item.item_id,
            outcome=Outcome.CONFLICT,
            id=item.person_id,
            version=conflict.version,
            fields=conflict.fields,
        )
    except Problem as problem:
        return _refused(item, _problem(problem))
    except ValidationError as error:
        return _refused(item, _malformed(error))
    return ItemResult(item_id=item.item_id, outcome=Outcome.APPLIED, **kept._asdict())


async def _register_person(item: FieldItemInput, tx: Tx) -> Kept:
    _require_scope("registry:write", tx)
    view = await register_person(_read(RegisterPerson, item), tx)
    return Kept(view.id, view.version)


async def _correct_person(item: FieldItemInput, tx: Tx) -> Kept:
    """Apply a correction to the record as it is now, unless the same field was changed since the
    device read it."""
    _require_scope("registry:write", tx)
    command = _read(CorrectPerson, item)
    if item.person_id is None or item.version is None:
        raise TypeError("the schema gives corrections both")
    person = await require_person(item.person_id, tx, lock=True)
    if item.version > person.version:
        raise StaleVersion()
    changed = await _changed(person, item.version, tx)
    wanted = {field_of(name) for name in command.model_dump(exclude_none=True)}
    if both := contradicted(wanted, changed):
        raise _ChangedByBoth(person.version, both)
    view = await correct_person(command, person.id, person.version, tx)
    return Kept(view.id, view.version, merged=bool(changed))


async def _changed(person: Person, version: int, tx: Tx) -> set[str]:
    rows = await tx.fetch(
        "SELECT version, fields FROM person_versions WHERE person_id = $1 AND version >= $2",
        person.id,
        version,
    )
    kept = {row["version"]: row["fields"] for row in rows}
    return changed_since(version, person.version, kept)


async def _register_dwelling(item: FieldItemInput, tx: Tx) -> Kept:
    _require_scope("registry:write", tx)
    view = await register_dwelling(_read(RegisterDwelling, item), tx)
    return Kept(view.id, view.version)


async def _report_birth(item: FieldItemInput, tx: Tx) -> Kept:
    view = await report_birth(_read(ReportBirth, item, captured=True), tx)
    return Kept(view.id)


async def _report_death(item: FieldItemInput, tx: Tx) -> Kept:
    view = await report_death(_read(ReportDeath, item, captured=True), tx)
    return Kept(view.id)


_APPLY: dict[ItemKind, Callable[[FieldItemInput, Tx], Awaitable[Kept]]] = {
    ItemKind.REGISTER_PERSON: _register_person,
    ItemKind.CORRECT_PERSON: _correct_person,
    ItemKind.REGISTER_DWELLING: _register_dwelling,
    ItemKind.REPORT_BIRTH: _report_birth,
    ItemKind.REPORT_DEATH: _report_death,
}


def _read(model: type[Body], item: FieldItemInput, *, captured: bool = False) -> Body:
    given: dict[str, Any] = {"captured_at": item.captured_at.isoformat()} if captured else {}
    return model.model_validate_json(json.dumps(item.body | given))


def _require_scope(scope: str, tx: Tx) -> None:
    if scope not in tx.actor.scopes:
        raise Forbidden()


def _refused(item: FieldItemInput, problem: ItemProblem) -> ItemResult:
    return ItemResult(item_id=item.item_id, outcome=Outcome.REFUSED, problem=problem)


def _problem(problem: Problem) -> ItemProblem:
    return ItemProblem(
        type=problem.type,
        status=problem.status,
        title=_words(problem.title),
        detail=_words(problem.detail) if problem.detail else None,
    )


def _malformed(error: ValidationError) -> ItemProblem:
    faults = error.errors(include_url=False, include_input=False)
    said = zip(field_errors(faults, "zh"), field_errors(faults, "en"), strict=True)
    return _problem(MalformedBody()).model_copy(
        update={
            "errors": [
                FieldFault(
                    field=zh["field"],
                    code=zh["code"],
                    reason=Words(zh=zh["reason"], en=en["reason"]),
                )
                for zh, en in said
            ]
        }
    )


def _words(text: Text) -> Words:
    return Words(zh=text.zh, en=text.en)
