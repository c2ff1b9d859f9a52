"""Design §1.3: no person is scored or ranked; small cells are suppressed."""

import re
from importlib import import_module

from shared.contracts import asyncapi

PERSON = re.compile(
    r"person|subject_id|citizen|resident_id|id_number|phone|name_?sealed|mother|child", re.I
)
SCORES = re.compile(r"score|rank|grade|points|rating|risk", re.I)
# columns of the tables every service has, which assessment keeps empty of people
COMMON = {"usage_entries", "subject_aliases"}


def test_the_assessment_database_cannot_name_a_person() -> None:
    metadata = import_module("services.assessment.tables").metadata
    tables = [table for table in metadata.tables.values() if table.name not in COMMON]
    assert len(tables) > 5
    named = [f"{t.name}.{c.name}" for t in tables for c in t.columns if PERSON.search(c.name)]
    assert named == []


def test_no_table_that_knows_people_holds_a_score() -> None:
    for service in ("registry", "migrant", "exchange", "notify"):
        metadata = import_module(f"services.{service}.tables").metadata
        found = [
            f"{table.name}.{column.name}"
            for table in metadata.tables.values()
            for column in table.columns
            if SCORES.search(column.name)
            and table.name not in ("duplicates", "duplicate_candidates")
        ]
        assert found == [], service


def test_score_events_carry_areas_and_no_person() -> None:
    schemas = asyncapi()["components"]["schemas"]
    scorecard = schemas["ScorecardPublished"]["properties"]
    assert "area" in scorecard
    assert not [field for field in scorecard if PERSON.search(field)]
