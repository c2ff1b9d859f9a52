"""Apache Kafka itself under our supervision: it starts, keeps a message, dies with its owner."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from deploy.box.errors import BoxError
from deploy.kafka import fetch
from deploy.kafka.broker import HOST, KafkaBroker, kafka_available

pytestmark = pytest.mark.kafka
REPOSITORY = Path(__file__).parents[2]

missing = kafka_available()
if missing:
    pytest.skip(missing, allow_module_level=True)


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaBroker]:
    """One broker for the module; a test that kills it starts it again."""
    with KafkaBroker(tmp_path_factory.mktemp("kafka")) as running:
        yield running


async def produce(servers: str, topic: str, value: bytes) -> None:
    """Send one message and wait for the acknowledgement."""
    producer = AIOKafkaProducer(
        bootstrap_servers=servers, acks="all", enable_idempotence=True, request_timeout_ms=20_000
    )
    await producer.start()
    try:
        await producer.send_and_wait(topic, value)
    finally:
        await producer.stop()


async def consume(servers: str, topic: str, group: str) -> bytes:
    """The first message of a topic."""
    consumer = AIOKafkaConsumer(
        topic, bootstrap_servers=servers, group_id=group, auto_offset_reset="earliest"
    )
    await consumer.start()
    try:
        record = await asyncio.wait_for(consumer.getone(), 30)
        return bytes(record.value)
    finally:
        await consumer.stop()


def test_a_message_survives_kill_9(broker: KafkaBroker) -> None:
    servers = broker.bootstrap_servers
    asyncio.run(produce(servers, "kept", "到达".encode()))
    assert asyncio.run(consume(servers, "kept", "before")) == "到达".encode()
    broker.kill()
    assert not broker.alive
    broker.start()
    assert broker.bootstrap_servers == servers
    assert asyncio.run(consume(servers, "kept", "after")) == "到达".encode()


def test_only_loopback_listens(broker: KafkaBroker) -> None:
    lines = subprocess.run(["ss", "-Hltnp"], capture_output=True, text=True).stdout.splitlines()
    own = [line.split()[3] for line in lines if f"pid={broker.pid}," in line]
    assert len(own) == 2
    assert all(HOST in address for address in own)


def test_a_folder_in_use_is_refused(broker: KafkaBroker) -> None:
    second = KafkaBroker(broker.data)
    with pytest.raises(BoxError, match="in use"):
        second.start()
    assert not second.alive
    assert broker.alive


def test_a_taken_port_is_refused(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        taken.listen()
        with pytest.raises(BoxError, match="Port"):
            KafkaBroker(tmp_path, port=taken.getsockname()[1]).start()


def test_the_command_runs_one_and_its_death_ends_it(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port = str(probe.getsockname()[1])
    owner = subprocess.Popen(
        [sys.executable, "-m", "deploy.kafka.broker", "--data", tmp_path, "--port", port],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert owner.stdout is not None
    assert f"{HOST}:{port}" in owner.stdout.readline()
    owner.send_signal(signal.SIGKILL)
    owner.communicate()
    deadline = time.monotonic() + 10
    with socket.socket() as probe:
        while probe.connect_ex((HOST, int(port))) == 0:
            assert time.monotonic() < deadline
            time.sleep(0.05)


def test_a_changed_jar_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = fetch.fetch()
    for jar in real.glob("*.jar"):
        os.symlink(jar, tmp_path / jar.name)
    monkeypatch.setenv("YIPAN_KAFKA_HOME", str(tmp_path))
    assert fetch.fetch() == tmp_path
    (tmp_path / "extra.jar").write_bytes(b"")
    with pytest.raises(BoxError, match=r"extra\.jar"):
        fetch.fetch()


def test_what_is_missing_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YIPAN_KAFKA_HOME", str(tmp_path / "none"))
    monkeypatch.setattr("shutil.which", lambda name: None if name == "mvn" else f"/usr/bin/{name}")
    assert "Maven" in str(kafka_available())
    with pytest.raises(BoxError, match="Maven"):
        fetch.fetch()
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setattr("shutil.which", lambda name: None)
    assert "Java" in str(kafka_available())
