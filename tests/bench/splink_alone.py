"""Splink by itself: `python -m tests.bench.splink_alone <file> <memory MiB> <threads> <least>`
links the records of an Arrow file, which are read beforehand, with the settings of our model, and
prints the seconds it took and the pairs it found."""

import json
import os
import sys
import time

import pyarrow as pa

from services.registry.duplicates.linking import duckdb_backend, link


def main() -> None:
    path, memory, threads, least = sys.argv[1:]
    os.nice(5)  # as the process that links for us
    with pa.memory_map(path) as source:
        table = pa.ipc.open_file(source).read_all()
        started = time.perf_counter()
        found = link(duckdb_backend(int(memory), int(threads)), table, table.num_rows, float(least))
        (pairs,) = found.as_duckdbpyrelation().aggregate("count(*)").fetchall()[0]
        print(json.dumps({"seconds": time.perf_counter() - started, "pairs": pairs}))


if __name__ == "__main__":
    main()
