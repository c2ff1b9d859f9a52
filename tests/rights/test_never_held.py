"""Design §1.1: what is never held, in any table, event, schema or data file of ours."""

import json
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

from shared.contracts import SERVICES, asyncapi, openapi

ROOT = Path(__file__).parents[2]

FORBIDDEN = re.compile(
    r"contracepti|pregnan|gestation|surger|sterili[sz]|abort|prenatal|fetal|foetal|iud\b"
    r"|fertil|birth_?permit|birth_?quota|quota|complian[ct]|violat|social_?maintenance"
    r"|penalt|key_?person|target_?person|special_?population|birth_?order|parity_of_birth"
    r"|social_?credit|blacklist|避孕|节育|怀孕|孕检|妊娠|结扎|引产|流产|产前|胎儿性别|计划外|超生"
    r"|社会抚养费|重点人员|重点对象|生育指标|黑名单",
    re.IGNORECASE,
)

# What is offered to anybody names it (free supplies, S1); that anyone took it is never recorded.
OFFERS = ROOT / "services/migrant/entitlements/catalogue.json"


def columns() -> Iterator[tuple[str, str]]:
    for service in SERVICES:
        metadata = import_module(f"services.{service}.tables").metadata
        for table in metadata.tables.values():
            yield f"{service}: {table.name}", table.name
            for column in table.columns:
                yield f"{service}: {table.name}.{column.name}", column.name


def names_in(schema: object, path: str) -> Iterator[tuple[str, str]]:
    """Every property name and enum value of a JSON schema."""
    if isinstance(schema, dict):
        for name in schema.get("properties", {}):
            yield f"{path}.{name}", name
        for value in schema.get("enum", []):
            yield f"{path}={value}", str(value)
        for key, inner in schema.items():
            yield from names_in(inner, f"{path}/{key}")
    elif isinstance(schema, list):
        for number, inner in enumerate(schema):
            yield from names_in(inner, f"{path}/{number}")


def held(named: Iterator[tuple[str, str]]) -> list[str]:
    return [path for path, name in named if FORBIDDEN.search(name)]


def test_no_column_can_hold_it() -> None:
    found = list(columns())
    assert len(found) > 100  # the walk reaches the tables
    assert held(iter(found)) == []


def test_no_event_can_carry_it() -> None:
    assert held(names_in(asyncapi()["components"]["schemas"], "events")) == []


def test_no_request_or_answer_can_carry_it() -> None:
    for service in SERVICES:
        assert held(names_in(openapi(service)["components"]["schemas"], service)) == []


def test_no_catalogue_names_it() -> None:
    """Data files of the services: entitlements, inquiry kinds, indicators, templates."""
    files = [path for path in ROOT.glob("services/*/**/*.json") if path != OFFERS]
    assert files
    for path in files:
        assert not FORBIDDEN.search(path.read_text()), path


def test_what_is_only_offered_cannot_be_recorded_about_a_person() -> None:
    offers = json.loads(OFFERS.read_text())
    named = [offer for offer in offers if FORBIDDEN.search(json.dumps(offer, ensure_ascii=False))]
    assert [offer["id"] for offer in named if offer.get("service")] == []  # nor referred by name
    private = [offer["id"] for offer in named]
    assert private
    text = json.dumps(openapi("migrant")["components"]["schemas"])
    assert not [each for each in private if each in text]


def test_the_walk_would_see_it() -> None:
    assert held(iter([("a", "contraceptive_method"), ("b", "孕检结果"), ("c", "name")])) == [
        "a",
        "b",
    ]
    schema = {"x": [{"properties": {"pregnant": {}}}, {"enum": ["key_person"]}]}
    assert len(held(names_in(schema, "s"))) == 2
