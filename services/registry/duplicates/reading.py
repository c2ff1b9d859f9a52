"""Reading a county's records into the table that is linked, column by column.

PostgreSQL sends them as CSV, Arrow parses it, and each distinct name is worked on once: what is
left to do for every single record is to open its id number. The columns are those of
`rules.record_of`; a test holds the two together.
"""

import io
from collections.abc import Iterator
from typing import Final
from uuid import UUID

import pyarrow as pa
from pyarrow import csv

from services.registry.duplicates.linking import KEY, SCHEMA
from services.registry.duplicates.names import NameKeys, keys_of
from services.registry.duplicates.rules import id_digits
from shared.crypto import Vault

BLOCK: Final = 4 * 1024 * 1024  # bytes of CSV worked on at once
_ALL: Final = (
    *("id", "name", "sex", "born", "day_number", "sealed", "phone", "household", "mother"),
    "region",
)
_AS_THEY_COME: Final = ("sex", "born", "phone", "household", "mother", "region")


class Reader:
    """Takes CSV as it comes, in the columns of pairs.COMPARED with the sealed number in hex."""

    def __init__(self, vault: Vault) -> None:
        self.ids: list[str] = []
        self._vault = vault
        self._batches: list[pa.RecordBatch] = []
        self._rest = bytearray()

    async def take(self, content: bytes) -> None:
        """More of it; lines may be cut anywhere."""
        self._rest += content
        if len(self._rest) >= BLOCK:
            end = self._rest.rfind(b"\n") + 1
            self._read(bytes(self._rest[:end]))
            del self._rest[:end]

    def end(self) -> None:
        """No more of it comes."""
        if self._rest:
            self._read(bytes(self._rest))
            self._rest.clear()

    def table(self) -> pa.Table:
        """All of it."""
        return pa.Table.from_batches(self._batches, SCHEMA)

    def person_id(self, row: int) -> UUID:
        return UUID(self.ids[row])

    def _read(self, block: bytes) -> None:
        start = len(self.ids)
        came = csv.read_csv(io.BytesIO(block), _READ, convert_options=_CONVERT).combine_chunks()
        ids = came["id"].to_pylist()
        numbers = [
            None if sealed is None else id_digits(self._opened(id, sealed))
            for id, sealed in zip(ids, came["sealed"].to_pylist(), strict=True)
        ]
        columns = {
            KEY: pa.array(range(start, start + len(ids)), pa.int32()),
            "id17": pa.array(numbers, pa.string()),
            "day_number": came["day_number"].cast(pa.int32()),
            **{name: came[name] for name in _AS_THEY_COME},
            **dict(_name_columns(came["name"])),
        }
        arrays = [_whole(columns[field.name]) for field in SCHEMA]
        self._batches.append(pa.RecordBatch.from_arrays(arrays, schema=SCHEMA))
        self.ids += ids

    def _opened(self, id: str, sealed: str) -> str:
        return self._vault.open(bytes.fromhex(sealed), f"persons.id_number:{id}")


def _name_columns(names: pa.ChunkedArray) -> Iterator[tuple[str, pa.Array]]:
    """The columns of NameKeys: each distinct name worked on once."""
    encoded = _whole(names).dictionary_encode()
    keys = [keys_of(name) for name in encoded.dictionary.to_pylist()]
    for column, values in zip(NameKeys._fields, zip(*keys, strict=True), strict=True):
        kind = SCHEMA.field(column).type
        yield column, pa.array(values, kind).take(encoded.indices)


def _whole(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


_READ: Final = csv.ReadOptions(column_names=_ALL, block_size=2 * BLOCK)
_CONVERT: Final = csv.ConvertOptions(
    column_types={name: pa.string() for name in _ALL} | {"day_number": pa.int64()},
    null_values=[""],
    strings_can_be_null=True,
    quoted_strings_can_be_null=False,
)
