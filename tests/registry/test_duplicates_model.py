"""Splink with our settings: the same outcome as a single pair weighed by itself, SQL that Spark
reads as DuckDB does, blocks that let the pairs through, and the quality of the whole."""

from datetime import date, timedelta
from itertools import chain, combinations
from typing import Any

import pytest
import sqlglot
from splink import SettingsCreator
from splink.internals.database_api import DatabaseAPI
from sqlglot import exp

from services.registry.duplicates.linking import (
    SCHEMA,
    arrow_table,
    duckdb_backend,
    findings,
    link,
    settings,
)
from services.registry.duplicates.model import BLOCKS, COMPARISONS, FEWEST, Finding, weigh
from services.registry.duplicates.rules import Record
from services.registry.duplicates.thresholds import DEFAULT
from tests.linkage.measure import linked, quality
from tests.linkage.people import Maker, record_of, truth
from tests.registry.duplicate_samples import HOUSE, record
from tests.registry.places import AWAY, NEXT, number

ALIKE = [
    record(),
    record(id_number=None),
    record(name="王□", id_number=None),
    record(name="王方", id_number=number("19900101", 122)),
    record(name="芳王", id_number=None, hukou_region=NEXT),
    record(name="WANG FANG", phone_index=b"p" * 32),
    record(name="王芳芳", household_id=HOUSE),
    record(name="王小芳", household_id=HOUSE, id_number=number("19900101", 114)),
    record(name="王大芳", household_id=HOUSE, id_number=number("19900101", 132)),
    record(name="李芳", sex="1", id_number=number("19900101", 112, area=AWAY[:6])),
    record(name="买买提·吐尔逊", id_number=number("19900110", 112)),
    record(name="买买提", id_number="420325900101112", hukou_region=AWAY),
    record(name="王未", mother_id=HOUSE),
    record(name="王末", mother_id=HOUSE, phone_index=b"p" * 32),
]


def pairs_of(
    records: list[Record], least: float, backend: DatabaseAPI[Any] | None = None
) -> dict[tuple[int, int], Finding]:
    backend = backend or duckdb_backend(1024, 2)
    found = link(backend, arrow_table([records]), len(records), least)
    return {(one, other): each for one, other, each in chain.from_iterable(findings(found))}


def test_splink_and_a_single_pair_agree() -> None:
    """Every pair that some block lets through comes out at the same levels; the weights differ by
    how common the name is alone."""
    found = pairs_of(ALIKE, -100)
    assert len(found) > 60
    seen = set()
    for (one, other), finding in found.items():
        single = weigh(ALIKE[one], ALIKE[other], len(ALIKE))
        assert finding.codes == single.codes
        assert finding.weights[1:] == pytest.approx(single.weights[1:])
        assert finding.weight == pytest.approx(
            single.weight + finding.weights[0] - single.weights[0]
        )
        seen |= set(finding.codes)
    assert len(seen) >= 25  # the samples reach most levels


def test_what_agrees_on_a_block_is_compared() -> None:
    """The blocks as plain Python find the pairs that Splink compares."""

    def value(row: Record, column: str) -> str | None:
        part = {
            "substr(born, 1, 4)": row.born[:4],
            "substr(born, 5, 4)": row.born[4:],
            "substr(id17, 1, 6)": row.id17 and row.id17[:6],
            "substr(id17, 15)": row.id17 and row.id17[14:],
            "substr(id17, 7)": row.id17 and row.id17[6:],
        }
        return part[column] if column in part else getattr(row, column)

    def agree(one: Record, other: Record, columns: tuple[str, ...]) -> bool:
        return all(
            value(one, column) is not None and value(one, column) == value(other, column)
            for column in columns
        )

    expected = {
        (a, b)
        for a, b in combinations(range(len(ALIKE)), 2)
        if any(agree(ALIKE[a], ALIKE[b], columns) for columns in BLOCKS)
    }
    assert set(pairs_of(ALIKE, -100)) == expected


def test_a_common_name_counts_less() -> None:
    rare = [record(id_number=None), record(id_number=None)]
    common = rare + [
        record(birth_date=date(1930, 1, 1) + timedelta(days=71 * n), sex="1", id_number=None)
        for n in range(300)
    ]
    one, other = (pairs_of(each, -100)[0, 1] for each in (rare, common))
    assert one.weights[0] - other.weights[0] > 5
    assert one.weights[1:] == other.weights[1:]


def test_pairs_come_strongest_first_and_above_the_threshold() -> None:
    found = list(pairs_of(ALIKE, DEFAULT.review).values())
    weights = [each.weight for each in found]
    assert weights == sorted(weights, reverse=True)
    assert weights[-1] >= DEFAULT.review


def conditions() -> list[tuple[str, str]]:
    """The SQL of every level and block as Splink makes it for DuckDB and for Spark."""
    made = [settings(FEWEST).create_settings_dict(dialect) for dialect in ("duckdb", "spark")]
    return [
        (here["sql_condition"], there["sql_condition"])
        for one, other in zip(*(each["comparisons"] for each in made), strict=True)
        for here, there in zip(one["comparison_levels"], other["comparison_levels"], strict=True)
    ] + [
        (here["blocking_rule"], there["blocking_rule"])
        for here, there in zip(
            *(each["blocking_rules_to_generate_predictions"] for each in made), strict=True
        )
    ]


def test_spark_reads_the_sql_of_the_model_as_duckdb_does() -> None:
    """Without a cluster: each condition is one text for both, is the same tree to both parsers,
    and calls nothing but functions that Spark has; damerau_levenshtein is the one that Splink
    brings along for it (a JAR that SparkAPI registers)."""
    known = {"SUBSTRING", "LENGTH", "ABS", "DAMERAU_LEVENSHTEIN"}
    assert len(conditions()) == sum(
        len(each.levels) + bool(each.missing) for each in COMPARISONS
    ) + len(BLOCKS)
    for here, there in conditions():
        if here == "ELSE":
            continue
        trees = [
            sqlglot.parse_one(text, read=dialect)
            for text, dialect in ((here, "duckdb"), (there, "spark"))
        ]
        assert trees[0].sql("spark") == trees[1].sql("spark")
        called = {
            each.name.upper() if isinstance(each, exp.Anonymous) else each.sql_name()
            for each in trees[1].find_all(exp.Func)
            if not isinstance(each, exp.And | exp.Or | exp.Case | exp.If)
        }
        assert called <= known, there


def test_splink_makes_settings_of_the_model_for_spark() -> None:
    made: SettingsCreator = settings(FEWEST)
    spark = made.get_settings("spark")
    assert len(spark.comparisons) == len(COMPARISONS)
    assert {str(field.type) for field in SCHEMA} == {"string", "int32"}  # what any backend has


def test_the_backend_keeps_everything_in_memory() -> None:
    connection = duckdb_backend(512, 1).duckdb_con
    said = dict(
        connection.sql(
            "SELECT name, value FROM duckdb_settings() WHERE name IN"
            " ('temp_directory', 'autoinstall_known_extensions', 'memory_limit', 'threads')"
        ).fetchall()
    )
    assert said == {
        "temp_directory": "",
        "autoinstall_known_extensions": "false",
        "memory_limit": "512.0 MiB",
        "threads": "1",
    }


def test_hard_cases_keep_their_quality() -> None:
    """A small draw of the population that docs/guide/linkage.md is measured on, with room below
    the figures there."""
    population = Maker(7).population(3_000, 10)
    row = {person.id: n for n, person in enumerate(population.persons)}
    pairs = {(row[one], row[other]) for one, other in truth(population)}
    weights = linked([record_of(person) for person in population.persons], DEFAULT.review)
    assert quality(weights, pairs, DEFAULT.review).recall > 0.7
    assert quality(weights, pairs, DEFAULT.strong).precision > 0.95
    twins = [case for case in population.cases if case.kind.startswith("twins")]
    assert len(twins) == 30
    for case in twins:
        one, other = sorted((row[case.one.id], row[case.other.id]))
        assert (one, other) not in weights
