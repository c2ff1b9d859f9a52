"""Load at a rate: calls begin when their time comes, whether earlier ones have ended or not, so a
slow server cannot slow down what is asked of it."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from statistics import quantiles


async def at_rate(calls: Sequence[Callable[[], Awaitable[object]]], rate: float) -> None:
    """Begin `rate` calls a second; returns when all have ended."""
    began = time.perf_counter()
    tasks = []
    for number, call in enumerate(calls):
        await asyncio.sleep(max(0.0, began + number / rate - time.perf_counter()))
        tasks.append(asyncio.ensure_future(call()))
    await asyncio.gather(*tasks)


def percentile(seconds: Sequence[float], which: int) -> float:
    """The percentile of times, in milliseconds; times below nothing count as nothing."""
    return quantiles((max(each, 0.0) * 1000 for each in seconds), n=100)[which - 1]
