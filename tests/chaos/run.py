"""Kill a box again and again under load, then prove what held."""

import asyncio
import random
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from deploy.box.fleet import free_ports
from tests.chaos.box import VICTIMS, Box
from tests.chaos.load import ARRIVAL, PERSON, Ledger, writing
from tests.chaos.proof import Findings, examine

NOTICE_SECONDS = 10.0  # for a box to notice that its PostgreSQL is gone


@dataclass
class Outcome:
    """What happened, and what was found afterwards."""

    ledger: Ledger
    findings: Findings
    kills: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    restarts: list[float] = field(default_factory=list)

    def __str__(self) -> str:
        killed = ", ".join(f"{times} × {victim}" for victim, times in self.kills.items())
        slowest = max(self.restarts, default=0.0)
        return (
            f"{self.seconds:.0f} s; killed {killed}; slowest restart {slowest:.1f} s\n"
            f"acknowledged: {len(self.ledger.numbers(PERSON))} persons, "
            f"{len(self.ledger.numbers(ARRIVAL))} arrivals; asked again {self.ledger.repeated} "
            f"times; never answered {len(self.ledger.unknown)}; refused {dict(self.ledger.refused)}"
            f"\nfound: {self.findings}"
        )

    @property
    def clean(self) -> bool:
        return self.findings.clean and not self.ledger.refused


async def run(
    folder: Path,
    kills: int,
    *,
    seed: int,
    callers: int = 6,
    pause: float = 0.03,
    between: tuple[float, float] = (0.5, 4.0),
    victims: tuple[str, ...] = VICTIMS,
    say: bool = False,
) -> Outcome:
    """`kills` SIGKILLs at random moments, each followed by what a service manager would do."""
    chance = random.Random(seed)
    started = time.monotonic()
    box = Box(folder, free_ports(1)[0])
    outcome = Outcome(Ledger(), Findings())
    await box.start()
    try:
        async with writing(box, outcome.ledger, callers, pause):
            for number in range(kills):
                await asyncio.sleep(chance.uniform(*between))
                victim = box.kill(victims[number % len(victims)], chance)
                outcome.kills[victim] += 1
                # PostgreSQL starts a backend again by itself; the rest ends the box.
                if victim != "backend" and not await box.ended(NOTICE_SECONDS):
                    raise RuntimeError(f"the box lives on {NOTICE_SECONDS} s without its {victim}")
                if not box.alive:
                    outcome.restarts.append(await box.start())
                if say:
                    print(f"  kill {number + 1}: {victim}, {len(outcome.ledger.acknowledged)} ok")
            await asyncio.sleep(between[0])
        await box.serving()
        outcome.findings = await examine(box, outcome.ledger)
    finally:
        await box.stop()
    outcome.seconds = time.monotonic() - started
    return outcome
