"""Checking in a process of its own, so that a long roster keeps neither the service's requests
waiting nor PostgreSQL: it is checked on one core while the batch before is written on another.
Until that process is up, its parent checks a CSV.

Parent and child talk in pickled frames over the child's standard input and output. Keys travel
there too, never as arguments or environment; the file is inherited open and has no name. A child
whose parent is gone reads the end of its input and ends.
"""

import asyncio
import pickle
import sys
from collections.abc import Iterable
from dataclasses import replace
from typing import IO, Any, Final, Self

from services.registry.imports.checking import Batch, Checked, Checking, CheckingStopped, Order
from services.registry.imports.checking_child import HEADER, Packed, frame
from services.registry.imports.reading import FileRefused
from services.registry.imports.reasons import Reason
from shared.tasks import end

WORTH_A_PROCESS: Final = 2 * 1024 * 1024  # bytes of a file; below, a process starts for nothing
_CHILD: Final = "services.registry.imports.checking_child"
_LIMIT: Final = 4 * 1024 * 1024
_READ_HERE: Final = "csv"  # the format that is opened in no time


class CheckingHere:
    """Checking in a thread of this process, for small files."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    @classmethod
    async def start(cls, file: IO[bytes]) -> Self:
        return cls(file)

    async def open(self, order: Order) -> int:
        self._checking = await asyncio.to_thread(Checking, self._file, order)
        return self._checking.total

    async def next(self) -> Batch | None:
        return await asyncio.to_thread(self._checking.next)

    async def again(self, wrong: dict[str, Reason]) -> Batch:
        return await asyncio.to_thread(self._checking.again, wrong)

    async def close(self) -> None: ...


class CheckingApart:
    """Checking in a child process; of a CSV here, as long as that is still coming up, so that
    nothing waits for it. A workbook waits: opening one takes the time and memory of all its texts,
    and would be done twice."""

    def __init__(self, process: asyncio.subprocess.Process, here: CheckingHere) -> None:
        self._process = process
        self._here: CheckingHere | None = here
        self.up = asyncio.create_task(self._answer())  # what the child says first

    @classmethod
    async def start(cls, file: IO[bytes]) -> Self:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", _CHILD, str(file.fileno())),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,  # a traceback may quote a line
            pass_fds=(file.fileno(),),
            limit=_LIMIT,
        )
        return cls(process, CheckingHere(file))

    async def open(self, order: Order) -> int:
        """What the file's position counts up to. Raises FileRefused."""
        self._order = order
        if self._here is None or self.up.done() or order.format != _READ_HERE:
            return await self._hand_over()
        return await self._here.open(order)

    async def next(self) -> Batch | None:
        if self._here is not None and self.up.done():
            await self._hand_over()
        if self._here is None:
            return _unpacked(await self._ask({}))
        batch = await self._here.next()
        if batch is not None:
            self._order = self._order._replace(line=batch.line, position=batch.position)
        return batch

    async def again(self, wrong: dict[str, Reason]) -> Batch:
        if self._here is not None:
            return await self._here.again(wrong)
        batch = _unpacked(await self._ask(wrong))
        if batch is None:
            raise CheckingStopped("no batch")
        return batch

    async def _hand_over(self) -> int:
        """To the child, which goes on behind the last batch. The two share the place in the file:
        from now on nobody reads it here."""
        await self.up
        self._here = None
        # a fresh vault: one that was used holds a cipher, which cannot travel
        total: int = await self._ask(self._order._replace(vault=replace(self._order.vault)))
        return total

    async def close(self) -> None:
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()
        await end(self.up)

    async def _ask(self, question: object) -> Any:
        sink = self._process.stdin
        if sink is None:
            raise CheckingStopped("no pipe")
        try:
            sink.write(frame(question))
            await sink.drain()
        except OSError as error:
            raise CheckingStopped("gone") from error
        return await self._answer()

    async def _answer(self) -> Any:
        source = self._process.stdout
        if source is None:
            raise CheckingStopped("no pipe")
        try:
            length = int.from_bytes(await source.readexactly(HEADER), "big")
            answer = pickle.loads(await source.readexactly(length))  # noqa: S301 our own child
        except (OSError, asyncio.IncompleteReadError) as error:
            raise CheckingStopped("gone") from error
        if isinstance(answer, FileRefused | CheckingStopped):
            raise answer
        return answer


def _unpacked(packed: Packed | None) -> Batch | None:
    if packed is None:
        return None
    lines: Iterable[tuple[Any, ...]] = zip(*packed[0], strict=True)
    return Batch(list(map(Checked._make, lines)), *packed[1:])
