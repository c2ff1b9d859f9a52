"""One Apache Kafka on this machine: broker and controller in one process, our own child.

For tests, and for a box that is to run on Kafka. A data folder holds:

    lock                          held while some Yipan process runs this folder
    topics/                       what Kafka keeps
    broker.log                    its warnings and errors, at most four files of 10 MB
    output                        what the Java machine itself said at the last start
    server.properties, log4j2.properties   written at each start

`python -m deploy.kafka.broker --data DIR --port PORT` runs one until Ctrl-C.
"""

import asyncio
import base64
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import click
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from deploy.box.child import Child, command
from deploy.box.errors import BoxError
from deploy.box.folder import NO_SPACE, claim, not_started, unusable
from deploy.kafka.fetch import fetch, home

HOST = "127.0.0.1"
OLDEST_JAVA = 17
READY_SECONDS = 90.0  # on a busy machine; four on a quiet one, and seven after a kill
STOP_SECONDS = 20.0
JAVA_OPTIONS = ("-Xms128m", "-Xmx512m", "-XX:+UseSerialGC", "-Djava.awt.headless=true")

SETTINGS: Mapping[str, str] = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "listener.security.protocol.map": "CLIENT:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "inter.broker.listener.name": "CLIENT",
    "controller.listener.names": "CONTROLLER",
    "auto.create.topics.enable": "true",
    # There is one broker: nothing can have a second copy, and nobody else is to be waited for.
    "default.replication.factor": "1",
    "offsets.topic.replication.factor": "1",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    "group.initial.rebalance.delay.ms": "0",
    # After a kill the controller lets the broker in again only when its old session has run out,
    # by default nine seconds.
    "broker.session.timeout.ms": "3000",
    "broker.heartbeat.interval.ms": "500",
    "offsets.topic.num.partitions": "4",
    "transaction.state.log.num.partitions": "4",
}

LOGGING = """\
status = error
appender.file.type = RollingFile
appender.file.name = file
appender.file.fileName = {log}
appender.file.filePattern = {log}.%i
appender.file.layout.type = PatternLayout
appender.file.layout.pattern = %d{{yyyy-MM-dd'T'HH:mm:ss.SSSX}}{{UTC}} %p %c{{1}} %m%n%ex
appender.file.policies.type = Policies
appender.file.policies.size.type = SizeBasedTriggeringPolicy
appender.file.policies.size.size = 10MB
appender.file.strategy.type = DefaultRolloverStrategy
appender.file.strategy.max = 3
rootLogger.level = warn
rootLogger.appenderRef.file.ref = file
"""


class KafkaBroker:
    """A broker over one data folder; a context manager. The port stays the same over restarts."""

    def __init__(
        self, data: Path, *, port: int | None = None, settings: Mapping[str, str] = {}
    ) -> None:
        """Nothing happens yet. Without a port, a free one is taken at the first start.

        `settings` are broker properties over ours.
        """
        self.data = data.absolute()
        self.port = port
        self._settings = settings
        self._child: Child | None = None
        self._lock: int | None = None
        self._log_before = 0  # bytes that earlier runs left in broker.log

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def bootstrap_servers(self) -> str:
        """`host:port` for a client; ValueError before the first start."""
        if self.port is None:
            raise ValueError("the broker has not been started yet")
        return f"{HOST}:{self.port}"

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self._child is not None and self._child.alive

    @property
    def pid(self) -> int | None:
        """Process id of the running broker."""
        return self._child.pid if self._child is not None and self._child.alive else None

    def start(self) -> None:
        """Run the broker and return once a client gets an answer; fetches Kafka when needed.

        Does nothing when it already runs. Blocks for some four seconds, seven after a kill. Raises
        BoxError, leaving nothing running.
        """
        if self.alive:
            return
        jars = fetch()
        self._release()
        try:
            self._lock = claim(self.data)
            self._run(jars)
            self._wait()
        except OSError as error:
            self.kill()
            raise unusable(error, self.data) from error
        except BaseException:
            self.kill()
            raise

    def stop(self) -> None:
        """Shut down in order, or kill after twenty seconds. Never raises."""
        if self._child is not None:
            self._child.signal(signal.SIGTERM)
            self._child.wait(STOP_SECONDS)
        self.kill()

    def kill(self) -> None:
        """SIGKILL, and wait until it is gone."""
        if self._child is not None:
            self._child.signal(signal.SIGKILL)
            self._child.wait()
        self._release()

    def _release(self) -> None:
        self._child = None
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _run(self, jars: Path) -> None:
        java = _java()
        topics = self.data / "topics"
        topics.mkdir(parents=True, exist_ok=True)
        config = self.data / "server.properties"
        config.write_text(self._properties(topics))
        log = self.data / "broker.log"
        self._log_before = log.stat().st_size if log.exists() else 0
        logging = self.data / "log4j2.properties"
        logging.write_text(LOGGING.format(log=log))
        options = [*JAVA_OPTIONS, f"-Dlog4j2.configurationFile={logging}", "-cp", f"{jars}/*"]
        if not (topics / "meta.properties").exists():
            self._format([java, "-XX:TieredStopAtLevel=1", *options], config)
        with (self.data / "output").open("wb") as output:
            self._child = Child(
                [java, *options, "kafka.Kafka", str(config)],
                cwd=self.data,
                env=_environment(),
                output=output,
            )

    def _properties(self, topics: Path) -> str:
        self.port = self.port or _free_port()
        _check_free(self.port)
        controller = _free_port()  # only the process itself calls it, so it may change
        own = {
            "listeners": f"CLIENT://{HOST}:{self.port},CONTROLLER://{HOST}:{controller}",
            "advertised.listeners": f"CLIENT://{HOST}:{self.port}",
            "controller.quorum.voters": f"1@{HOST}:{controller}",
            "log.dirs": str(topics),
        }
        chosen = {**SETTINGS, **own, **self._settings}
        return "".join(f"{name}={value}\n" for name, value in chosen.items())

    def _format(self, java: list[str], config: Path) -> None:
        # Sixteen bytes; a first one of zero keeps the id from looking like an option ("-…").
        cluster = base64.urlsafe_b64encode(bytes(1) + secrets.token_bytes(15)).decode().rstrip("=")
        tool = ["kafka.tools.StorageTool", "format", "-t", cluster, "-c", str(config)]
        done = subprocess.run(
            command([*java, *tool], None, signal.SIGKILL),
            env=_environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
        if done.returncode != 0:
            raise not_started("Kafka", self.data, _reason(done.stdout + done.stderr))

    def _wait(self) -> None:
        assert self._child is not None
        deadline = time.monotonic() + READY_SECONDS
        while not _listens(self.port) or not _answers(self.bootstrap_servers):
            ended = self._child.wait(0.05)
            if ended or time.monotonic() > deadline:
                raise not_started("Kafka", self.data, _reason(self._last_words()))

    def _last_words(self) -> str:
        log = self.data / "broker.log"
        said = log.read_bytes()[self._log_before :] if log.exists() else b""
        return (said + (self.data / "output").read_bytes()).decode(errors="replace")


def kafka_available() -> str | None:
    """Why no broker can run here, in one English sentence; None when one can.

    A Kafka that is not cached yet counts as available when Maven is there to fetch it.
    """
    try:
        _java()
    except BoxError as error:
        return str(error)
    if not home().exists() and shutil.which("mvn") is None:
        return f"Apache Kafka is not in {home()}, and Maven (mvn) is not installed to fetch it."
    return None


def _java() -> str:
    folder = os.environ.get("JAVA_HOME")
    java = f"{folder}/bin/java" if folder else shutil.which("java")
    found = None
    if java is not None:
        try:
            said = subprocess.run([java, "-version"], capture_output=True, text=True, timeout=60)
            found = re.search(r'version "(\d+)', said.stderr)
        except (OSError, subprocess.TimeoutExpired):
            found = None
    if java is None or found is None or int(found[1]) < OLDEST_JAVA:
        raise BoxError(
            f"Apache Kafka needs Java {OLDEST_JAVA} or newer, and there is none "
            "(in JAVA_HOME or on PATH).",
            f"Apache Kafka 需要 Java {OLDEST_JAVA} 或更高版本，JAVA_HOME 与 PATH 中均未找到。",
        )
    return java


def _environment() -> dict[str, str]:
    kept = ("PATH", "HOME", "JAVA_HOME", "LD_LIBRARY_PATH")
    return {name: os.environ[name] for name in kept if name in os.environ} | {"LC_ALL": "C.UTF-8"}


def _free_port() -> int:
    """A port below Linux's range for outgoing connections (32768 and up).

    Inside it, a client that keeps calling a broker that is down may be given that very port as its
    own, connect to itself, and so keep the broker from coming back.
    """
    while True:
        port = 20_000 + secrets.randbelow(12_000)
        with suppress(BoxError):
            _check_free(port)
            return port


def _check_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise BoxError(
                f"Port {port} cannot be used for Kafka: {error.strerror}.",
                f"Kafka 不能使用端口 {port}：{error.strerror}。",
            ) from error


def _listens(port: int | None) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1.0)
        return probe.connect_ex((HOST, port)) == 0


def _answers(servers: str) -> bool:
    """Whether the cluster names a broker, asked as a client would."""

    async def ask() -> bool:
        admin = AIOKafkaAdminClient(bootstrap_servers=servers, request_timeout_ms=5000)
        try:
            await admin.start()
            return bool((await admin.describe_cluster())["brokers"])
        except (KafkaError, OSError):
            return False
        finally:
            await admin.close()

    # In a thread of its own, since the caller's may be running an event loop.
    with ThreadPoolExecutor(max_workers=1) as pool:
        return pool.submit(asyncio.run, ask()).result()


def _reason(said: str) -> str:
    """The last line that tells of an error."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    bad = [line for line in lines if re.search(r"ERROR|FATAL|Exception|Error", line)]
    return next((line for line in bad if NO_SPACE in line), (bad or lines or [""])[-1])


@click.command()
@click.option("--data", type=click.Path(path_type=Path, file_okay=False), required=True)
@click.option("--port", type=int, default=9092, show_default=True)
def main(data: Path, port: int) -> None:
    """Run one Apache Kafka on 127.0.0.1 until Ctrl-C."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    broker = KafkaBroker(data, port=port)
    try:
        broker.start()
        print(f"Apache Kafka answers on {broker.bootstrap_servers}; Ctrl-C stops it.", flush=True)
        while broker.alive:
            time.sleep(0.5)
        sys.exit(f"Kafka has stopped by itself; see {broker.data / 'broker.log'}")
    except KeyboardInterrupt:
        print("stopping")
    except BoxError as error:
        sys.exit(f"{error}\n{error.zh}")
    finally:
        broker.stop()


if __name__ == "__main__":
    main()
