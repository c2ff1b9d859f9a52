"""A standalone Spark cluster of one worker on this machine, from the pyspark package."""

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final, NamedTuple

from deploy.box.fleet import free_ports
from services.registry.duplicates.spark import ENCRYPTED
from tests.foreign import required

SECRET: Final = "known-to-the-cluster-alone"
_HOST: Final = "127.0.0.1"
_SECONDS: Final = 60


class SparkCluster(NamedTuple):
    """Where it is, and the folder with all it writes: logs, the jar, its scratch files."""

    master: str
    folder: Path


@contextmanager
def spark_cluster(pyspark: Path, folder: Path) -> Iterator[SparkCluster]:
    """Runs one; the tests are skipped where it does not start (tests/foreign.py)."""
    port, *others = free_ports(4)
    master = f"spark://{_HOST}:{port}"
    work = ["--work-dir", str(folder / "work"), "--cores", "2", "--memory", "1g"]
    with ExitStack() as stack:

        def start(name: str, port: int, page: int, *more: str) -> None:
            daemon = f"org.apache.spark.deploy.{name.lower()}.{name}"
            where = ["--host", _HOST, "--port", str(port), "--webui-port", str(page)]
            log = stack.enter_context((folder / f"{name}.log").open("wb"))
            process = subprocess.Popen(
                [pyspark / "bin" / "spark-class", daemon, *where, *more],
                env=_environment(pyspark, folder),
                stdout=log,
                stderr=log,
            )
            stack.callback(process.wait)
            stack.callback(process.terminate)

        start("Master", port, others[0])
        required("Spark", lambda: _listening(port))
        start("Worker", others[1], others[2], *work, master)
        yield SparkCluster(master, folder)


def _environment(pyspark: Path, folder: Path) -> dict[str, str]:
    options = " ".join(f"-D{name}={value}" for name, value in ENCRYPTED.items())
    return os.environ | {
        "SPARK_HOME": str(pyspark),
        "SPARK_LOCAL_IP": _HOST,
        "SPARK_LOCAL_DIRS": str(folder / "scratch"),
        "SPARK_DAEMON_MEMORY": "256m",
        "SPARK_DAEMON_JAVA_OPTS": options,
        "_SPARK_AUTH_SECRET": SECRET,
    }


def _listening(port: int) -> None:
    end = time.monotonic() + _SECONDS
    while True:
        try:
            socket.create_connection((_HOST, port), 1).close()
            return
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.2)
