"""A campaign at the provider's rate, with urgent texts beside it.

Everybody gets a text of two short messages. Measured at the provider's door: how far the texts of
the campaign fall behind the provider's rate once they flow, and how long an urgent text takes from
its acceptance to the provider. `python -m tests.bench.campaigns --people 100000 --rate 500`.

The rate counts texts. The first second may go at once (the bucket is full) and is left out; so are
the last texts, when there is nothing left to keep up with.
"""

import argparse
import asyncio
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from shared.ids import new_id
from tests.bench import machine
from tests.bench.pace import percentile
from tests.bench.texting import Texting, texting

DRIFT = 0.02  # the goal: at most so far below the rate
URGENT_SECONDS = 10.0
_EVERY = 0.5  # seconds between two urgent texts
_TEXT = "您好，本月便民消息：" + "流感疫苗免费接种，请到社区卫生服务中心。" * 4  # 90 characters
_TEMPLATES: tuple[dict[str, Any], ...] = (
    {"code": "bench-greeting", "text": _TEXT, "purpose": "monthly-greeting", "kind": "notice"},
    {"code": "bench-urgent", "text": "请查看系统。", "purpose": "official", "kind": "urgent"},
)


@dataclass(frozen=True)
class Figures:
    """`rate` and `reached` are texts a second, the times milliseconds."""

    people: int
    rate: int
    reached: float
    seconds: float
    urgent: int
    p50: float
    p95: float

    @property
    def drift(self) -> float:
        return 1 - self.reached / self.rate

    @property
    def met(self) -> bool:
        return self.drift <= DRIFT and self.p95 <= URGENT_SECONDS * 1000

    def __str__(self) -> str:
        return (
            f"{self.people:,} people × 2 parts at {self.rate}/s: {self.reached:.1f}/s over"
            f" {self.seconds:.0f} s, {100 * self.drift:+.2f} % below the rate; {self.urgent} urgent"
            f" texts meanwhile: p50 {self.p50:.0f} ms, p95 {self.p95:.0f} ms to the provider;"
            f" goals {'met' if self.met else 'MISSED'}"
        )


async def measure(folder: Path, people: int, rate: int) -> Figures:
    async with texting(folder, people, rate) as service:
        await _templates(service)
        campaign = await service.campaign("bench-greeting")
        asked: dict[str, float] = {}
        urgent = asyncio.create_task(_urgent(service, asked))
        try:
            async with asyncio.timeout(60 + 3 * people / rate):
                while len(service.simulator.handed) - len(asked) < people:
                    await asyncio.sleep(0.2)
        finally:
            urgent.cancel()
        rows = await service.rows("SELECT id FROM messages WHERE campaign_id::text = $1", campaign)
        return figures(people, rate, [str(row["id"]) for row in rows], asked, service)


def figures(
    people: int, rate: int, texts: Sequence[str], asked: Mapping[str, float], service: Texting
) -> Figures:
    first = service.simulator.first
    times = sorted(first[each] for each in texts)
    flow = times[rate : -max(rate // 10, 1)]
    took = [first[each] - at for each, at in asked.items() if each in first]
    seconds = flow[-1] - flow[0]
    return Figures(
        people=people,
        rate=rate,
        reached=(len(flow) - 1) / seconds,
        seconds=seconds,
        urgent=len(took),
        p50=percentile(took, 50),
        p95=percentile(took, 95),
    )


async def _templates(service: Texting) -> None:
    async with service.client("clerk-1") as first, service.client("clerk-2") as second:
        for each in _TEMPLATES:
            body = each | {"signature": "测试县", "variables": {}}
            written = (await first.post("/templates", json=body)).raise_for_status().json()
            path = f"/templates/{written['id']}/approval"
            (await second.post(path)).raise_for_status()


async def _urgent(service: Texting, asked: dict[str, float]) -> None:
    """Keep sending urgent texts; `asked` gets each one's moment of acceptance."""
    async with service.client("clerk-1") as client:
        while True:
            asked_at = time.perf_counter()
            answer = await _send(client, len(asked))
            asked[answer["id"]] = asked_at
            await asyncio.sleep(_EVERY)


async def _send(client: httpx.AsyncClient, number: int) -> Any:
    body = {
        "reference": str(new_id()),
        "template": "bench-urgent",
        "to": {"phone": f"1390000{number % 10_000:04d}"},
        "purpose": "official",
    }
    return (await client.post("/messages", json=body)).raise_for_status().json()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.campaigns", description=__doc__)
    parser.add_argument("--people", type=int, default=100_000)
    parser.add_argument("--rate", type=int, default=500, help="the provider's, texts a second")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="yipan-bench-") as folder:
        print(asyncio.run(measure(Path(folder), asked.people, asked.rate)))
    print(machine.describe())


if __name__ == "__main__":
    main()
