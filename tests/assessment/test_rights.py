"""The rights line in the assessment: agencies are its subjects, never people."""

import re
from typing import Any

from fastapi import FastAPI
from sqlalchemy import Table

from services.assessment.facts.kinds import KINDS, Kind, Use
from services.assessment.tables import metadata
from shared.tables import add_common_tables
from tests.conftest import ServiceFactory

PERSON = re.compile(
    r"person|resident|subject|holder|mother|child|spouse|name_|id_number|phone|birth_date|sex\b"
    r"|contracep|pregnan|surger|fee\b|penalt|quota|complian|rank",
)


def own_tables() -> list[Table]:
    from sqlalchemy import MetaData

    common = MetaData()
    add_common_tables(common)
    return [table for table in metadata.sorted_tables if table.name not in common.tables]


def test_no_table_of_ours_has_a_column_for_a_person() -> None:
    tables = own_tables()
    assert {table.name for table in tables} >= {"facts", "tallies", "scorecards", "appeals"}
    for table in tables:
        for column in table.columns:
            assert not PERSON.search(column.name), f"{table.name}.{column.name}"


async def test_no_request_or_answer_has_a_field_for_a_person(start_service: ServiceFactory) -> None:
    async with start_service("assessment") as app:
        schemas = _schemas(app)
    ours = {name: schema for name, schema in schemas.items() if "properties" in schema}
    assert {"ScorecardView", "EvidenceView", "AppealView", "DeclareScheme"} <= set(ours)
    for name, schema in ours.items():
        for field in schema["properties"]:
            assert not PERSON.search(field), f"{name}.{field}"


def _schemas(app: FastAPI) -> dict[str, Any]:
    schemas = app.openapi()["components"]["schemas"]
    # the data tracker is how a person sees who looked: it is about persons by its nature
    return {name: schema for name, schema in schemas.items() if "Usage" not in name}


def test_counts_of_what_people_do_are_never_scorable() -> None:
    free = {kind for kind, spec in KINDS.items() if spec.use == Use.SCORED}
    assert not free & {
        Kind.BIRTH_REGISTERED,
        Kind.DEATH_REGISTERED,
        Kind.MIGRANT_ARRIVED,
        Kind.HELP_REQUESTED,
        Kind.CERTIFICATE_CHECKED,
        Kind.RECORD_CORRECTED,
        Kind.INQUIRY_OPENED,
    }
