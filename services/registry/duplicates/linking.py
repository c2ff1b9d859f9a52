"""Linking a table of records by Splink, on whatever backend it runs on.

Imported only by the process that links: Splink and DuckDB take a second and much memory to load.
"""

import logging
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, Final

import duckdb
import pyarrow as pa
from splink import DuckDBAPI, Linker, SettingsCreator, block_on
from splink.comparison_level_library import CustomLevel, ElseLevel
from splink.comparison_library import CustomComparison
from splink.internals.comparison_level_creator import ComparisonLevelCreator
from splink.internals.database_api import DatabaseAPI
from splink.internals.splink_dataframe import SplinkDataFrame

from services.registry.duplicates.levels import Comparison, Level
from services.registry.duplicates.model import (
    BLOCKS,
    COMPARISONS,
    RAREST,
    SMOOTHING,
    Finding,
    prior,
)
from services.registry.duplicates.rules import Record

KEY: Final = "row_number"
_TEXT, _WHOLE = pa.string(), pa.int32()
_NUMBERS = {"unreadable", "day_number"}
SCHEMA: Final = pa.schema(
    [(KEY, _WHOLE), *((name, _WHOLE if name in _NUMBERS else _TEXT) for name in Record._fields)]
)
"""Of the table that is linked: a row a record."""

PAIRS_AT_ONCE: Final = 20_000
_RECORDS_A_CHUNK: Final = 400_000

Linked = tuple[int, int, Finding]  # two row numbers, the smaller first
Rows = list[dict[str, Any]]


def settings(records: int) -> SettingsCreator:
    """The model as Splink's settings, for a search of so many records. They hold no SQL of one
    backend alone."""
    return SettingsCreator(
        link_type="dedupe_only",
        unique_id_column_name=KEY,
        probability_two_random_records_match=prior(records),
        blocking_rules_to_generate_predictions=[block_on(*columns) for columns in BLOCKS],
        comparisons=[_comparison(each) for each in COMPARISONS],
        retain_matching_columns=True,  # or the levels (gamma) do not come out
        retain_intermediate_calculation_columns=True,
    )


def duckdb_backend(memory_mib: int, threads: int) -> DuckDBAPI:
    """DuckDB in memory: it neither spills to disk nor fetches extensions. Beyond its limit of
    memory it raises duckdb.OutOfMemoryException."""
    connection = duckdb.connect(
        ":memory:",
        config={
            "memory_limit": f"{memory_mib}MiB",
            "threads": threads,
            "temp_directory": "",
            "autoinstall_known_extensions": False,
            "preserve_insertion_order": False,
        },
    )
    return DuckDBAPI(connection)


def link(backend: DatabaseAPI[Any], table: Any, records: int, least: float) -> SplinkDataFrame:
    """Splink's predictions for the pairs that weigh at least `least`. `backend` is one of Splink's
    (DuckDBAPI, SparkAPI), `table` what it registers: an Arrow table of SCHEMA, or its like."""
    frame = backend.register(table)
    linker = Linker(frame, settings(records), log_level=logging.ERROR, validate_settings=False)
    for column in _counted():
        linker.table_management.register_term_frequency_lookup(
            backend.query_sql(_frequencies(column, frame.physical_name, records)), column
        )
    in_chunks = isinstance(backend, DuckDBAPI)  # Spark divides the work itself
    predictions = linker.inference.predict(
        threshold_match_weight=least,
        num_chunks_left=1,
        num_chunks_right=max(1, round(records / _RECORDS_A_CHUNK)) if in_chunks else 1,
        warning_mode="never",
    )
    if not in_chunks:
        predictions.as_spark_dataframe().count()  # or it would begin when the pairs are asked for
    return predictions


def findings(predictions: SplinkDataFrame) -> Iterator[list[Linked]]:
    """The predictions in batches, strongest first, as codes and weights."""
    columns = [f"{KEY}_l", f"{KEY}_r", "match_weight"]
    for each in COMPARISONS:
        columns += [f"gamma_{each.name}", f"mw_{each.name}"]
        if _frequency_column(each):
            columns.append(f"mw_tf_adj_{each.name}")
    in_order = _duckdb_rows if isinstance(predictions.db_api, DuckDBAPI) else _spark_rows
    for batch in in_order(predictions, columns):
        yield [_linked(row) for row in batch]


def _duckdb_rows(predictions: SplinkDataFrame, columns: list[str]) -> Iterator[Rows]:
    relation = predictions.as_duckdbpyrelation().project(", ".join(columns))
    relation = relation.order(f"match_weight DESC, {KEY}_l, {KEY}_r")
    for batch in relation.to_arrow_reader(PAIRS_AT_ONCE):
        yield batch.to_pylist()


def _spark_rows(predictions: SplinkDataFrame, columns: list[str]) -> Iterator[Rows]:
    frame = predictions.as_spark_dataframe().select(columns)
    order = ["match_weight", f"{KEY}_l", f"{KEY}_r"]
    rows = frame.orderBy(order, ascending=[False, True, True]).toLocalIterator()
    while batch := [row.asDict() for row in islice(rows, PAIRS_AT_ONCE)]:
        yield batch


def arrow_table(batches: Sequence[Sequence[Record]]) -> pa.Table:
    """The records as the table that is linked."""
    made, start = [], 0
    for batch in batches:
        made.append(arrow_batch(batch, start))
        start += len(batch)
    return pa.Table.from_batches(made, SCHEMA)


def arrow_batch(batch: Sequence[Record], start: int) -> pa.RecordBatch:
    """Part of that table, its rows numbered from `start`."""
    columns = [range(start, start + len(batch)), *zip(*batch, strict=True)]
    arrays = [pa.array(column, field.type) for column, field in zip(columns, SCHEMA, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, schema=SCHEMA)


def _linked(row: dict[str, Any]) -> Linked:
    codes, weights = [], []
    for comparison in COMPARISONS:
        level = _level_at(comparison, row[f"gamma_{comparison.name}"])
        codes.append(level.code)
        weights.append(row[f"mw_{comparison.name}"] + row.get(f"mw_tf_adj_{comparison.name}", 0.0))
    one, other = sorted((row[f"{KEY}_l"], row[f"{KEY}_r"]))
    return one, other, Finding(tuple(codes), tuple(weights), row["match_weight"])


def _level_at(comparison: Comparison, gamma: int) -> Level:
    """Splink counts levels from the last, 0, and calls -1 what is missing."""
    if gamma < 0:
        if comparison.missing is None:
            raise ValueError(f"nothing can be missing of {comparison.name}")
        return comparison.missing
    return comparison.levels[len(comparison.levels) - 1 - gamma]


def _comparison(comparison: Comparison) -> CustomComparison:
    levels = [_level(each) for each in comparison.levels]
    if comparison.missing:
        levels.insert(0, CustomLevel(comparison.missing.sql).configure(is_null_level=True))
    return CustomComparison(output_column_name=comparison.name, comparison_levels=[*levels])


def _level(level: Level) -> ComparisonLevelCreator:
    made: ComparisonLevelCreator = ElseLevel() if level.sql == "ELSE" else CustomLevel(level.sql)
    made = made.configure(m_probability=level.m, u_probability=level.u, label_for_charts=level.code)
    if level.frequency_of is None:
        return made
    return made.configure(
        tf_adjustment_column=level.frequency_of,
        tf_minimum_u_value=RAREST,
        disable_tf_exact_match_detection=True,
    )


def _counted() -> list[str]:
    return [
        level.frequency_of
        for comparison in COMPARISONS
        for level in comparison.levels
        if level.frequency_of
    ]


def _frequency_column(comparison: Comparison) -> bool:
    return any(level.frequency_of for level in comparison.levels)


def _frequencies(column: str, table: str, records: int) -> str:
    (u,) = {
        level.u
        for comparison in COMPARISONS
        for level in comparison.levels
        if level.frequency_of == column
    }
    return (
        f"SELECT {column}, (count(*) + {u * SMOOTHING})"  # noqa: S608 our own names
        f" / cast({records + SMOOTHING} AS double) AS tf_{column}"
        f" FROM {table} GROUP BY {column}"
    )
