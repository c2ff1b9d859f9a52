"""Kill the notify service again and again while a campaign runs, then count what became of it."""

import asyncio
import random
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from tests.bench.texting import Texting, texting

FINISH_SECONDS = 600.0
_IN_FLIGHT = "SELECT count(*) FROM attempts WHERE state = 'submitting' AND started_at >= $1"


@dataclass
class Outcome:
    """`in_flight` is, for each kill, how many texts the killed process had marked and not recorded:
    the window in which a double is possible. `doubled` counts texts handed to the provider more
    than once."""

    texts: int
    kills: int = 0
    seconds: float = 0.0
    in_flight: list[int] = field(default_factory=list)
    restarts: list[float] = field(default_factory=list)
    written: int = 0
    never_handed: int = 0
    doubled: int = 0
    twice_to_a_number: int = 0
    states: Counter[str] = field(default_factory=Counter)

    def __str__(self) -> str:
        return (
            f"campaign of {self.texts:,}: {self.kills} × SIGKILL in {self.seconds:.0f} s; slowest"
            f" restart {max(self.restarts, default=0.0):.1f} s\n"
            f"lost {self.lost}; doubled {self.doubled}, of {sum(self.in_flight)} in flight at the"
            f" kills (at most {max(self.in_flight, default=0)} at one);"
            f" texts to a number that had one: {self.twice_to_a_number}; {dict(self.states)}"
        )

    @property
    def lost(self) -> int:
        """People without a text, and texts that never reached the provider."""
        return self.texts - self.written + self.never_handed

    @property
    def clean(self) -> bool:
        few = self.doubled <= sum(self.in_flight) and self.twice_to_a_number == 0
        return self.lost == 0 and few and self.kills == len(self.in_flight)


async def run(folder: Path, *, texts: int, kills: int, seed: int, say: bool = False) -> Outcome:
    """The rate is such that the campaign outlasts the kills."""
    chance, outcome = random.Random(seed), Outcome(texts)
    rate = max(50, texts // max(kills, 1) // 2)
    began = time.monotonic()
    async with texting(folder, texts, rate) as service:
        await service.campaign()
        since = datetime.now(UTC)
        for number in range(kills):
            await _sending(service)
            await asyncio.sleep(chance.uniform(0.0, 1.0))
            await service.kill()
            outcome.kills += 1
            outcome.in_flight.append(await service.count(_IN_FLIGHT, since))
            since = datetime.now(UTC)
            restarted = time.monotonic()
            await service.start()
            outcome.restarts.append(time.monotonic() - restarted)
            if say:
                print(
                    f"  kill {number + 1}: {len(service.simulator.handed)} handed over", flush=True
                )
        await _finished(service)
        await _examine(service, outcome)
    outcome.seconds = time.monotonic() - began
    return outcome


async def _sending(service: Texting) -> None:
    """Wait until texts go again, or all have gone."""
    before = sum(service.simulator.handed.values())
    async with asyncio.timeout(FINISH_SECONDS):
        while sum(service.simulator.handed.values()) == before and await _waiting(service):
            await asyncio.sleep(0.01)


async def _finished(service: Texting) -> None:
    async with asyncio.timeout(FINISH_SECONDS):
        while await _waiting(service):
            await asyncio.sleep(0.2)


async def _waiting(service: Texting) -> int:
    """Texts that have not gone yet, and campaigns that are not through."""
    return await service.count(
        "SELECT (SELECT count(*) FROM campaigns WHERE status = 'running')"
        " + (SELECT count(*) FROM messages WHERE status IN ('queued', 'submitting'))"
    )


async def _examine(service: Texting, outcome: Outcome) -> None:
    rows = await service.rows("SELECT id, status, person_id FROM messages")
    outcome.states = Counter(row["status"] for row in rows)
    outcome.written = len({row["person_id"] for row in rows})
    outcome.twice_to_a_number = len(rows) - outcome.written
    handed = service.simulator.handed
    outcome.never_handed = sum(str(row["id"]) not in handed for row in rows)
    outcome.doubled = sum(times > 1 for times in handed.values())
