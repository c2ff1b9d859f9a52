"""A line of those who wait for the same work (排队成批): whatever comes while one portion is worked
on goes together in the next, because a transaction costs the same for one as for many."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from shared.problems import Unavailable
from shared.tasks import end

Item = TypeVar("Item")
Result = TypeVar("Result")

Work = Callable[[Sequence[Item]], Awaitable[Sequence[Result | Exception]]]
"""What is done with a portion: a result for each, or why it has none. Where it raises, that is the
answer to all of them."""


class Line(Generic[Item, Result]):
    """Serves its items in the order they came, `at_once` at a time at most."""

    def __init__(self, work: Work[Item, Result], at_once: int) -> None:
        self._work = work
        self._at_once = at_once
        self._waiting: list[tuple[Item, asyncio.Future[Result]]] = []
        self._task: asyncio.Task[None] | None = None

    @property
    def idle(self) -> bool:
        return self._task is None or self._task.done()

    def put(self, item: Item) -> asyncio.Future[Result]:
        """The future has the item's result, or raises why there is none."""
        answer: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, answer))
        if self.idle:
            self._task = asyncio.create_task(self._serve())
        return answer

    async def close(self) -> None:
        """Whoever still waits is told to come again."""
        if self._task is not None:
            await end(self._task)
        _tell(self._waiting, [Unavailable()] * len(self._waiting))

    async def _serve(self) -> None:
        while self._waiting:
            now, self._waiting = self._waiting[: self._at_once], self._waiting[self._at_once :]
            results: Sequence[Result | Exception] = [Unavailable()] * len(now)
            try:
                results = await self._work([item for item, _ in now])
            except Exception as error:
                results = [error] * len(now)
            finally:
                _tell(now, results)


def _tell(
    waiting: Sequence[tuple[Item, asyncio.Future[Result]]], results: Sequence[Result | Exception]
) -> None:
    for (_, answer), result in zip(waiting, results, strict=True):
        if answer.done():  # whoever asked has gone
            continue
        if isinstance(result, Exception):
            answer.set_exception(result)
        else:
            answer.set_result(result)
