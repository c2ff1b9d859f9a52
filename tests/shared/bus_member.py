"""A member of a group in a process of its own, which tells what it receives and commits nothing.

`python -m tests.shared.bus_member embedded|kafka ADDRESS GROUP TOPIC` writes "joined", then a line
"got PARTITION OFFSET" for each message, until it is killed.
"""

import asyncio
import sys

from shared.bus import Bus
from shared.bus.embedded import EmbeddedBus
from shared.bus.kafka import KafkaBus


async def open_bus(kind: str, address: str) -> Bus:
    """A bus of this kind; `address` is a DSN or a list of brokers."""
    if kind == "kafka":
        return await KafkaBus.connect(address, "test")
    return await EmbeddedBus.connect(address)


async def main(kind: str, address: str, group: str, topic: str) -> None:
    bus = await open_bus(kind, address)
    async with bus.subscribe(group, [topic]) as subscription:
        print("joined", flush=True)
        while True:
            for received in await subscription.batch():
                print("got", received.partition, received.offset, flush=True)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
