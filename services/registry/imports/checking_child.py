"""The child of checking_process.py: checks a file where nobody waits for it. It imports little, so
that it is soon up."""

import gc
import io
import os
import pickle
import sys
from collections.abc import Iterator
from typing import Any, Final

from services.registry.imports.checking import Batch, Checking, CheckingStopped
from services.registry.imports.reading import FileRefused

HEADER: Final = 8  # bytes: the length of a frame

Packed = tuple[list[tuple[Any, ...]], list[Any], set[str], int, int]


def _packed(batch: Batch | None) -> Packed | None:
    """Columns instead of lines: they pickle several times faster."""
    return None if batch is None else (list(zip(*batch.good, strict=True)), *batch[1:])


def frame(content: object) -> bytes:
    """As it travels: its length in HEADER bytes, and the pickle."""
    stream = io.BytesIO()
    pickler = pickle.Pickler(stream, protocol=pickle.HIGHEST_PROTOCOL)
    pickler.fast = True  # keeps no list of what it has pickled: nothing here holds itself
    pickler.dump(content)
    body = stream.getvalue()
    return len(body).to_bytes(HEADER, "big") + body


def _questions() -> Iterator[Any]:
    while header := sys.stdin.buffer.read(HEADER):
        yield pickle.loads(sys.stdin.buffer.read(int.from_bytes(header, "big")))  # noqa: S301


def _answer(content: object) -> None:
    sys.stdout.buffer.write(frame(content))
    sys.stdout.buffer.flush()


def main() -> None:
    """The child: says that it is up, gets an order, then {} for each next batch, or codes for the
    same one again."""
    gc.disable()  # lines hold no cycles, and looking for some takes a tenth of the time
    _answer(None)
    questions = _questions()
    with os.fdopen(int(sys.argv[1]), "rb") as file:
        try:
            checking = Checking(file, next(questions), breathe=False)
            _answer(checking.total)
            for wrong in questions:
                _answer(_packed(checking.again(wrong) if wrong else checking.next()))
        except FileRefused as refused:
            _answer(refused)
        except Exception as error:
            _answer(CheckingStopped(type(error).__name__))


if __name__ == "__main__":
    main()
