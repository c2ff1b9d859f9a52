"""Design §1.4: voluntary means voluntary. Whatever runs on a consent asks the one place first, and
these walks find what does not."""

import ast
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

from services.exchange.dci.profiles import PROFILES
from services.exchange.notices.services import TELL_HOME
from services.migrant.consents.rules import PURPOSES, ConsentPurpose
from services.migrant.services.rules import Service, consent_for
from shared.contracts import openapi
from shared.ids import new_id
from shared.testing import Issuer
from tests.conftest import Cluster
from tests.e2e.bad_requests import Operation, call, operations
from tests.e2e.odd_values import GIVEN, SETTINGS
from tests.e2e.trial import given_ids, trial

ROOT = Path(__file__).parents[2] / "services"
VOLUNTARY = {each: purpose for each in Service if (purpose := consent_for(each))}
# What the exchange tells others about a person, on her consent alone.
TOLD_ELSEWHERE = {TELL_HOME} | {
    asked.consent
    for profile in PROFILES.values()
    for asked in profile.purposes.values()
    if asked.consent is not None
}
# Tables that name a service and stand for none being planned or done.
NOTHING_DONE = {
    "Claim": "what she has paid for elsewhere, and wants back",
    "ReceivedClaim": "the same, at the county that pays it",
}
# Who may touch the table of consents: its own feature, what follows a merge, and her own rights.
KEEPERS = re.compile(r"migrant/(consents|migrations|rights)/|migrant/people/(handlers|separating)")


def sources(service: str) -> Iterator[tuple[str, ast.Module]]:
    for path in sorted((ROOT / service).rglob("*.py")):
        yield str(path.relative_to(ROOT)), ast.parse(path.read_text("utf-8"))


def texts(module: ast.Module) -> Iterator[str]:
    """Every string of a module, its SQL among them."""
    for node in ast.walk(module):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def calls(module: ast.AST) -> set[str]:
    """The plain names that a piece of code calls."""
    return {
        node.func.id
        for node in ast.walk(module)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }


def service_tables() -> set[str]:
    """The classes of the tables that say which service a person had or will have."""
    registry = import_module("services.migrant.tables").metadata
    named = {
        table.name
        for table in registry.tables.values()
        if {"person_id", "service"} <= set(table.columns.keys())
    }
    base = import_module("services.migrant.base").Row
    return {each.__name__ for each in _all_kinds_of(base) if each.__tablename__ in named}


def _all_kinds_of(base: type[Any]) -> Iterator[type[Any]]:
    for each in base.__subclasses__():
        yield each
        yield from _all_kinds_of(each)


def test_every_purpose_is_leaned_on_by_texts_by_a_service_or_by_what_is_told() -> None:
    by_text = {purpose for purpose, words in PURPOSES.items() if words.needs_phone}
    told = {ConsentPurpose(each) for each in TOLD_ELSEWHERE}
    assert by_text | set(VOLUNTARY.values()) | told == set(ConsentPurpose)
    assert not by_text & set(VOLUNTARY.values())
    assert not told & (by_text | set(VOLUNTARY.values()))


def makers(tables: set[str]) -> dict[str, set[str]]:
    """The modules that make rows of some tables, and what each calls."""
    return {
        name: calls(module)
        for name, module in sources("migrant")
        if calls(module) & tables & imported_tables(module)
    }


def imported_tables(module: ast.Module) -> set[str]:
    return {
        each.name
        for node in ast.walk(module)
        if isinstance(node, ast.ImportFrom) and (node.module or "").endswith("models")
        for each in node.names
    }


def test_whoever_writes_down_a_service_asks_for_the_consent_first() -> None:
    tables = service_tables()
    assert {"Appointment", "ServiceRecord"} <= tables
    assert set(NOTHING_DONE) <= tables
    writers = makers(tables - set(NOTHING_DONE))
    assert len(writers) >= 2
    unasked = [name for name, called in writers.items() if "require_consent" not in called]
    assert unasked == []


def test_whether_a_consent_stands_is_asked_in_one_place() -> None:
    looking = re.compile(r"\b(FROM|JOIN|INTO|UPDATE) consents\b|consent_stands")
    found = {
        name
        for name, module in sources("migrant")
        if any(looking.search(text) for text in texts(module))
    }
    assert found  # the walk reaches the SQL
    assert [name for name in found if not KEEPERS.search(name)] == []


def test_every_text_to_a_person_passes_the_contact_book() -> None:
    """One statement enters texts, one function runs it, and that function reads who agreed."""
    entering = re.compile(r"INTO messages\b")
    modules = dict(sources("notify"))
    assert {
        name for name, module in modules.items() if any(map(entering.search, texts(module)))
    } == {"notify/messages/drafts.py"}
    users = {
        name
        for name, module in modules.items()
        for node in ast.walk(module)
        if isinstance(node, ast.ImportFrom) and node.module and node.module.endswith(".drafts")
        if any(each.name == "INSERT" for each in node.names)
    }
    assert users == {"notify/messages/handlers.py"}
    handlers = modules["notify/messages/handlers.py"]
    assert "find_recipients" in calls(handlers)
    assert not [name for name, module in modules.items() if "Message" in calls(module)]


def offering(document: dict[str, Any], operation: Operation) -> bool:
    """Whether an operation's body names a service, and may name a voluntary one."""
    if operation.body_schema is None:
        return False
    body = operation.resolve(operation.body_schema)
    named = body.get("properties", {}).get("service")
    options = [] if named is None else [named, *named.get("anyOf", [])]
    values = {value for each in options for value in operation.resolve(each).get("enum", [])}
    return bool(values & {each.value for each in VOLUNTARY})


async def test_no_operation_writes_down_a_voluntary_service_without_consent(
    cluster: Cluster, issuer: Issuer
) -> None:
    document, known = openapi("migrant"), given_ids()
    found = operations(document, known, GIVEN)
    offered = [each for each in found if offering(document, each)]
    assert {"POST /migrant/v1/appointments", "POST /migrant/v1/service-records"} <= {
        each.id for each in offered
    }
    async with trial("migrant", cluster, issuer, SETTINGS.get("migrant", {})) as tried:
        for operation in found:
            if operation.method == "POST" and "{" not in operation.path:
                await tried.try_good(operation)  # places and the like, which bodies name
        for operation in offered:
            for service, purpose in VOLUNTARY.items():
                before = await tried.rows()
                body = operation.body() | {"service": service}
                if "person_id" in body:  # otherwise that of the record it is about
                    body["person_id"] = str(new_id())
                answer = await call(tried.app, operation.request("", body), tried.headers)
                assert answer.status == 409, (operation.id, answer.body)
                assert b"consent-needed" in answer.body, (operation.id, answer.body)
                assert f'"{purpose}"'.encode() in answer.body
                assert await tried.rows() == before, operation.id
