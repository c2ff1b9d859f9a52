"""The Kafka bus: Apache Kafka through aiokafka, idempotent, acknowledged by all replicas in sync.

An idempotent aiokafka producer tries for ever to send what it has taken. So when a publish fails or
takes too long, its producer is thrown away with all it still holds, and the next publish begins
with a new one: nothing is sent behind the caller's back between one attempt and the next.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Self

import structlog
from aiokafka import (
    AIOKafkaConsumer,
    AIOKafkaProducer,
    ConsumerRebalanceListener,
    ConsumerRecord,
    TopicPartition,
)
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import (
    CommitFailedError,
    IllegalStateError,
    KafkaError,
    NoError,
    ProducerClosed,
    TopicAlreadyExistsError,
    for_code,
)

from shared.bus import MAX_BYTES, BusUnavailable, Message, Received
from shared.line import Line

log = structlog.get_logger()

PARTITIONS = 8

_COMMITS = 1_000  # in a request
_WAIT_SECONDS = 10.0  # for the broker, before it counts as unavailable
_JOIN_SECONDS = 30.0  # a group waits for its dead members before it takes a new one
# A fetch asks only for partitions of which nothing is at hand, and nothing else is fetched until it
# ends: what comes meanwhile in the others waits for it.
_FETCH_MS = 50
_TOPIC = {
    "max.message.bytes": str(2 * MAX_BYTES),  # room for key and headers, and for batches
    "retention.ms": str(7 * 24 * 3600 * 1000),
}


class KafkaBus:
    """A Bus over a Kafka cluster."""

    def __init__(
        self, bootstrap_servers: str, client_id: str, partitions: int, replication: int
    ) -> None:
        self._servers = bootstrap_servers
        self._client_id = client_id
        self._partitions = partitions
        self._replication = replication
        self._topics: set[str] = set()  # known to exist
        self._producer: AIOKafkaProducer | None = None
        self._starting = asyncio.Lock()
        self._ending: set[asyncio.Task[None]] = set()

    @classmethod
    async def connect(
        cls,
        bootstrap_servers: str,
        client_id: str,
        *,
        partitions: int = PARTITIONS,
        replication: int = 1,
    ) -> Self:
        """A bus that reaches for the broker when it is first used, and again after an outage.

        `partitions` and `replication` are for topics that do not exist yet.
        """
        return cls(bootstrap_servers, client_id, partitions, replication)

    async def close(self) -> None:
        """End the connections; the members have left by now."""
        if self._producer is not None:
            self._abandon(self._producer)
        if self._ending:
            await asyncio.wait(self._ending)

    async def publish(self, messages: Sequence[Message]) -> None:
        """Append all, in order per key; they are durable on return.

        Raises BusUnavailable, and then some may be in the log; ValueError for a value over 1 MiB,
        and then none is.
        """
        for message in messages:
            if len(message.value) > MAX_BYTES:
                raise ValueError(f"{len(message.value)} bytes in one message on {message.topic}")
        producer = None
        futures: list[asyncio.Future[object]] = []
        try:
            with _translated():
                async with asyncio.timeout(_WAIT_SECONDS):
                    await self._make_topics({message.topic for message in messages})
                    producer = await self._start()
                    for message in messages:
                        key = message.key.encode()
                        futures.append(await producer.send(message.topic, message.value, key))
                    await asyncio.gather(*futures)
        except BusUnavailable:
            self._topics.clear()  # the broker may come back without them
            if producer is not None:
                self._abandon(producer)
            raise
        finally:
            for future in futures:
                future.cancel()  # does nothing to those that are done

    @asynccontextmanager
    async def subscribe(
        self, group: str, topics: Sequence[str]
    ) -> "AsyncIterator[KafkaSubscription]":
        """Join a group; a new one starts at the oldest message. Raises BusUnavailable."""
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self._servers,
            client_id=f"{self._client_id}-{group}",
            group_id=group,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            request_timeout_ms=int(_WAIT_SECONDS * 1000),
            session_timeout_ms=6000,  # the least a broker accepts by default
            heartbeat_interval_ms=1500,
            retry_backoff_ms=500,  # it logs each attempt
            fetch_max_wait_ms=_FETCH_MS,
        )
        subscription = KafkaSubscription(consumer, group)
        consumer.subscribe(list(topics), listener=_Revoked(subscription))
        try:
            with _translated():
                async with asyncio.timeout(_JOIN_SECONDS):
                    await self._make_topics(set(topics))
                    await consumer.start()
            yield subscription
        finally:
            await subscription.close()
            await _leave(consumer)

    async def _start(self) -> AIOKafkaProducer:
        async with self._starting:
            if self._producer is None:
                producer = AIOKafkaProducer(
                    bootstrap_servers=self._servers,
                    client_id=self._client_id,
                    acks="all",
                    enable_idempotence=True,
                    max_batch_size=MAX_BYTES // 2,
                    max_request_size=2 * MAX_BYTES,
                    request_timeout_ms=int(_WAIT_SECONDS * 1000),
                )
                try:
                    await producer.start()
                except BaseException:
                    await producer.stop()
                    raise
                self._producer = producer
            return self._producer

    def _abandon(self, producer: AIOKafkaProducer) -> None:
        """Throw a producer away; whoever else waits for it fails too."""
        if self._producer is producer:
            self._producer = None
            ending = asyncio.create_task(_end(producer))
            self._ending.add(ending)
            ending.add_done_callback(self._ending.discard)

    async def _make_topics(self, topics: set[str]) -> None:
        missing = topics - self._topics
        if not missing:
            return
        settings = {"min.insync.replicas": "2" if self._replication > 2 else "1", **_TOPIC}
        admin = AIOKafkaAdminClient(
            bootstrap_servers=self._servers,
            client_id=self._client_id,
            request_timeout_ms=int(_WAIT_SECONDS * 1000),
        )
        try:
            await admin.start()
            answer = await admin.create_topics(
                [
                    NewTopic(topic, self._partitions, self._replication, topic_configs=settings)
                    for topic in sorted(missing)
                ]
            )
        finally:
            await admin.close()
        for topic, code, *_ in answer.topic_errors:
            error = for_code(code)
            if error not in (NoError, TopicAlreadyExistsError):
                raise error(topic)
        self._topics |= missing


class KafkaSubscription:
    """A Subscription. `lag` may be asked from any task, the rest belongs to one."""

    def __init__(self, consumer: AIOKafkaConsumer, group: str) -> None:
        self._consumer = consumer
        self._log = log.bind(group=group, part="bus")
        # Of each partition since it was assigned: offsets of the first message that is delivered
        # but not committed, and of the next to be delivered.
        self._spans: dict[TopicPartition, tuple[int, int]] = {}
        self._commits: Line[tuple[TopicPartition, int], None] = Line(self._commit, _COMMITS)

    async def close(self) -> None:
        """Nobody waits for a commit any more."""
        await self._commits.close()

    def revoke(self, partitions: Iterable[TopicPartition]) -> None:
        """Forget these partitions: what was delivered of them may go to another member now."""
        for partition in partitions:
            self._spans.pop(partition, None)

    async def batch(self, limit: int = 100, timeout: float = 1.0) -> Sequence[Received]:
        """Up to `limit` messages, in order within each partition; none after `timeout` seconds.

        None either while the broker is away. Raises BusUnavailable when the group is refused.
        """
        with _translated():
            fetched = await self._consumer.getmany(
                timeout_ms=int(timeout * 1000), max_records=limit
            )
        for partition, records in fetched.items():
            first, _ = self._spans.get(partition, (records[0].offset, 0))
            self._spans[partition] = (first, records[-1].offset + 1)
        return [_received(record) for records in fetched.values() for record in records]

    async def commit(self, received: Received) -> None:
        """Everything of the message's partition up to and including it is done.

        Ignored when the partition is no longer ours: its new owner gets the message again.
        Raises BusUnavailable.
        """
        partition = TopicPartition(received.topic, received.partition)
        first, after = self._spans.get(partition, (0, 0))
        if received.offset >= after:
            self._log.info("bus-commit-ignored", topic=received.topic)
        elif received.offset >= first:
            await self._commits.put((partition, received.offset + 1))

    async def seek_back(self, received: Received) -> None:
        """Deliver this message and what follows it again, if the partition is still ours."""
        partition = TopicPartition(received.topic, received.partition)
        first, after = self._spans.get(partition, (0, 0))
        if received.offset < after:
            self._consumer.seek(partition, received.offset)
            self._spans[partition] = (first, received.offset)

    async def lag(self) -> int:
        """How many messages of our partitions are not committed. Raises BusUnavailable."""
        partitions = list(self._consumer.assignment())
        if not partitions:
            return 0
        with _translated():
            async with asyncio.timeout(_WAIT_SECONDS):
                ends = await self._consumer.end_offsets(partitions)
                return sum([ends[partition] - await self._done(partition) for partition in ends])

    async def _done(self, partition: TopicPartition) -> int:
        """The offset after the last committed one; where we stand when nothing is in between."""
        if partition in self._spans:
            return self._spans[partition][0]
        position: int = await self._consumer.position(partition)
        return position

    async def _commit(self, done: Sequence[tuple[TopicPartition, int]]) -> Sequence[None]:
        """Of several partitions at once: it is one request to the broker."""
        ours, offsets = self._consumer.assignment(), dict[TopicPartition, int]()
        for partition, offset in done:
            if partition in ours:
                offsets[partition] = max(offset, offsets.get(partition, 0))
        if not offsets:
            return [None] * len(done)
        try:
            with _translated():
                async with asyncio.timeout(_WAIT_SECONDS):
                    await self._consumer.commit(offsets)
        except BusUnavailable as error:
            if not isinstance(error.__cause__, CommitFailedError | IllegalStateError):
                raise
            self._log.info("bus-commit-ignored", topics=sorted({each.topic for each in offsets}))
        else:
            for partition, offset in offsets.items():
                if partition in self._spans:
                    self._spans[partition] = (offset, self._spans[partition][1])
        return [None] * len(done)


class _Revoked(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka is not typed
    """Tells a subscription when its partitions go."""

    def __init__(self, subscription: KafkaSubscription) -> None:
        self._subscription = subscription

    def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        self._subscription.revoke(revoked)

    def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        """The first batch tells where each begins."""


async def _end(producer: AIOKafkaProducer) -> None:
    """Stop a producer without delivering what it holds; stop() alone would wait for the broker."""
    await producer._sender.close()
    producer._message_accumulator.fail_all(ProducerClosed())
    await producer.stop()


async def _leave(consumer: AIOKafkaConsumer) -> None:
    """Stop a consumer. While the broker is away stop() may end half-way in a CancelledError, meant
    for a task of its own, which must not end our caller."""
    stopping = asyncio.create_task(consumer.stop())
    await asyncio.wait([stopping])
    if stopping.cancelled():
        await consumer._client.close()
    else:
        stopping.result()


def _received(record: ConsumerRecord) -> Received:
    key = (record.key or b"").decode(errors="replace")
    return Received(record.topic, record.partition, record.offset, key, record.value or b"")


@contextmanager
def _translated() -> Iterator[None]:
    """Whatever is wrong with the broker is BusUnavailable."""
    try:
        yield
    except (KafkaError, OSError, TimeoutError) as error:
        raise BusUnavailable(f"{type(error).__name__}: {error}") from error
