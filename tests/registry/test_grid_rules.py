"""Loads, coverage, who serves whom; and that the duties of liaison staff are services."""

import re

import pytest

from services.registry.agreements.catalogue import clauses, templates
from services.registry.grid.duties import duties
from services.registry.grid.rules import (
    ABOVE,
    Coverage,
    Level,
    Load,
    Serving,
    coordinators_due,
    coverage_of,
    homes_share,
    load_of,
    serving_of,
)
from services.registry.tasks.models import TaskKind
from shared.contracts import openapi
from tests.rights.test_never_held import FORBIDDEN, names_in

# Births are told by hospitals, offices and the parents; liaison staff ask nobody about them.
INFORMING = re.compile(
    FORBIDDEN.pattern + r"|birth|child_?bear|marital|生育|婚育|怀|孕|胎|举报|监视|盯|排查|摸底|罚",
    re.IGNORECASE,
)


@pytest.mark.parametrize(
    ("households", "load"),
    [
        (0, Load.UNDER),
        (7, Load.UNDER),
        (8, Load.WITHIN),
        (15, Load.WITHIN),
        (16, Load.OVER),
    ],
)
def test_the_load_of_a_post(households: int, load: Load) -> None:
    assert load_of(households, 8, 15) is load


def test_what_counts_as_covered() -> None:
    assert coverage_of(has_post=False, held=False, overloaded=False) is Coverage.NONE
    assert coverage_of(has_post=True, held=False, overloaded=True) is Coverage.VACANT
    assert coverage_of(has_post=True, held=True, overloaded=True) is Coverage.OVERLOADED
    assert coverage_of(has_post=True, held=True, overloaded=False) is Coverage.SERVED


@pytest.mark.parametrize(("households", "due"), [(0, 1), (2000, 1), (2001, 2), (9000, 2)])
def test_a_large_community_has_one_coordinator_more(households: int, due: int) -> None:
    assert coordinators_due(households, 2000) == due


def test_the_chain_has_four_levels() -> None:
    level: Level | None = Level.BUILDING_HEAD
    chain = []
    while level is not None:
        chain.append(level)
        level = ABOVE[level]
    assert chain == [Level.BUILDING_HEAD, Level.LIAISON, Level.COORDINATOR, Level.COMMUNITY]


@pytest.mark.parametrize(
    ("migrant", "works", "serving"),
    [
        (False, True, Serving.UNIT),
        (False, False, Serving.COMMUNITY),
        (True, False, Serving.JOINT),
        (True, True, Serving.JOINT),
    ],
)
def test_who_serves_whom(migrant: bool, works: bool, serving: Serving) -> None:
    assert serving_of(migrant=migrant, works_at_unit=works) is serving


@pytest.mark.parametrize(
    ("hukou", "residence", "shared"),
    [
        ("420325100001", "420325100002", False),  # next door
        ("420325100001", "420325101001", True),  # another township
        ("420325", "420325101001", False),  # not known to be elsewhere
        ("130102001001", "420325", True),
        ("420325100001", None, False),
    ],
)
def test_when_the_home_place_shares_the_service(
    hukou: str, residence: str | None, shared: bool
) -> None:
    assert homes_share(hukou, residence) is shared


def test_every_duty_is_a_service_in_both_languages() -> None:
    catalogue = duties()
    assert len(catalogue.liaison) == 9
    # the residence place has seven duties, the home place six (G7)
    assert (len(catalogue.residence), len(catalogue.home)) == (7, 6)
    served = {level for duty in catalogue.liaison for level in duty.levels}
    assert served == set(Level)
    for group in (catalogue.liaison, catalogue.residence, catalogue.home, catalogue.unit):
        for duty in group:
            assert re.search(r"[\u4e00-\u9fff]{4}", duty.words.zh), duty.code
            assert len(duty.words.en.split()) >= 4, duty.code


def test_no_duty_is_to_inform_on_anybody() -> None:
    text = duties().model_dump_json()
    assert INFORMING.findall(text) == []


def test_no_clause_of_an_agreement_is_against_anybodys_rights() -> None:
    for clause in clauses().values():
        assert INFORMING.findall(f"{clause.code} {clause.zh} {clause.en}") == [], clause.code
    for template in templates().values():
        used = {code for version in template.versions for code in version.clauses}
        assert used | set(template.optional) <= clauses().keys()
        # whatever the kind: voluntary, private, and either side may leave
        assert {"voluntary", "privacy", "leave-off"} <= used
    landlord = templates()["community-landlord"]  # type: ignore[index]
    assert {"information-sheet", "not-answerable"} <= set(landlord.versions[-1].clauses)


def test_no_task_can_ask_liaison_staff_to_inform() -> None:
    assert [kind for kind in TaskKind if INFORMING.search(kind.value)] == []


def test_no_form_of_the_grid_has_room_for_a_report_on_anybody() -> None:
    document = openapi("registry")
    wanted = re.compile(r"/(grid|staffings|handovers|agreements|work-units|liaison)")
    operations = [
        operation
        for path, methods in document["paths"].items()
        if wanted.search(path)
        for operation in methods.values()
    ]
    assert len(operations) > 25
    named = [each for operation in operations for each in _fields(document, operation)]
    assert len(named) > 200
    assert [path for path, name in named if INFORMING.search(name)] == []


def _fields(document: dict[str, object], operation: dict[str, object]) -> list[tuple[str, str]]:
    """Every property and choice that a request or an answer of an operation may hold."""
    schemas = document["components"]["schemas"]  # type: ignore[index]
    found: list[tuple[str, str]] = []
    waiting: list[object] = [operation.get("requestBody"), operation.get("responses")]
    seen: set[str] = set()
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            name = str(part.get("$ref", "")).rpartition("/")[2]
            if name and name not in seen and name != "TaskView":  # tasks have a test of their own
                seen.add(name)
                found += names_in(schemas[name], name)
                waiting.append(schemas[name])
            waiting += part.values()
        elif isinstance(part, list):
            waiting += part
    return found
