"""Searches on Spark (tests/pypi.py): they find what DuckDB finds, say nothing in the clear and
leave no JVM behind."""

import asyncio
import gc
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

import psutil
import pytest

from services.registry.duplicates.handlers import cancel_search
from services.registry.duplicates.spark import spark_backend
from services.registry.duplicates.worker import DuplicateWorker
from services.registry.settings import Settings
from shared.db import Database
from shared.testing import make_actor
from tests.linkage.people import Maker, record_of
from tests.pypi import packages
from tests.registry.duplicate_samples import record
from tests.registry.spark_cluster import SECRET, SparkCluster, spark_cluster
from tests.registry.test_duplicates_model import ALIKE, pairs_of
from tests.registry.test_duplicates_worker import (
    FIRST,
    NO_NUMBER,
    STRANGER,
    asked,
    queue,
    registered,
    search_of,
    started,
)
from tests.registry.test_duplicates_worker import database as database
from tests.registry.test_duplicates_worker import settings as settings

if TYPE_CHECKING:
    from splink.backends.spark import SparkAPI

pytestmark = [
    pytest.mark.foreign,
    pytest.mark.slow,
    pytest.mark.timeout(900),
    pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"),  # pyspark leaves them
]
LOCK: Final = Path(__file__).parents[2] / "requirements-spark.lock"
RARE: Final = ("𠮷", "𫟧")  # of two UTF-16 units each, which a JVM could count apart
NAMES: Final = (
    *(
        f"王{RARE[0]}",
        f"王{RARE[1]}",
        "王□",
        f"{RARE[0]}芳",
        f"王芳{RARE[0]}",
        "王芳" + "".join(RARE),
    ),
    *(
        f"王芳{RARE[1]}{RARE[0]}",
        f"王{RARE[0]}□芳",
        "王〇",
        "王䶮",
        "Wáng Fāng",
        "wang fan",
        "Émile",
    ),
    *("··", "阿卜杜拉·买买提明", "阿卜杜拉买买", "王 ß", "王　芳"),
)


@pytest.fixture(scope="module")
def installed() -> Iterator[Path]:
    """Where pyspark is. JVMs that live for a minute do better without the slower compiler."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JAVA_TOOL_OPTIONS", "-XX:TieredStopAtLevel=1")
        yield packages(LOCK, "java")


@pytest.fixture(scope="module")
def cluster_of_spark(
    installed: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SparkCluster]:
    with spark_cluster(installed / "pyspark", tmp_path_factory.mktemp("spark")) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where `spark` shuffles and spills, uncompressed: words would be seen there."""
    folder = tmp_path_factory.mktemp("scratch")
    (folder / "spark-defaults.conf").write_text("spark.shuffle.compress false\n")
    return folder


@pytest.fixture(scope="module")
def spark(installed: Path, scratch: Path) -> Iterator["SparkAPI"]:
    """On this machine alone, inside the test's process."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(installed)
        patch.setenv("SPARK_CONF_DIR", str(scratch))
        patch.setenv("SPARK_LOCAL_DIRS", str(scratch))
        backend = spark_backend("local[2]", None, 1024, 1000)
        yield backend
        gateway = backend.spark.sparkContext._gateway
        backend.spark.stop()
        gateway.shutdown()
        gateway.proc.stdin.close()
        gateway.proc.wait()
        gc.collect()


def worker_on(master: str, database: Database, settings: Settings) -> DuplicateWorker:
    said = {"linkage_spark_master": master, "linkage_spark_secret": SECRET}
    return DuplicateWorker(
        database, make_actor(), Settings(**settings.model_dump(exclude_unset=True) | said)
    )


@pytest.mark.parametrize("who", ["alike", "made up"])
def test_spark_finds_what_duckdb_finds(spark: "SparkAPI", who: str) -> None:
    """The same pairs, strongest first, at the same levels and of the same weight."""
    records = {
        "alike": lambda: ALIKE + [record(name=name, id_number=None) for name in NAMES],
        "made up": lambda: [record_of(each) for each in Maker(7).population(400, 10).persons],
    }[who]()
    here, there = (pairs_of(records, -100, each) for each in (None, spark))
    assert len(here) > 60
    assert there.keys() == here.keys()
    in_order = [each.weight for each in there.values()]
    assert in_order == sorted(in_order, reverse=True)
    for pair, finding in here.items():
        assert there[pair].codes == finding.codes
        assert there[pair].weights == pytest.approx(finding.weights)
        assert there[pair].weight == pytest.approx(finding.weight)


def test_nothing_lies_on_the_disk_in_the_clear(spark: "SparkAPI", scratch: Path) -> None:
    assert spark.spark.conf.get("spark.shuffle.compress") == "false"
    assert pairs_of(ALIKE, -100, spark)
    shuffled = [each.read_bytes() for each in scratch.rglob("shuffle_*.data")]
    assert sum(map(len, shuffled)) > 1000
    for name in ("买买提", "wangfang", "42032519900101"):
        assert not [each for each in shuffled if name.encode() in each]


async def test_a_search_on_a_cluster_fills_the_queue(
    database: Database,
    settings: Settings,
    installed: Path,
    cluster_of_spark: SparkCluster,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As DuckDB fills it; and of the people and the secret nothing is left on the cluster."""
    monkeypatch.setenv("PYTHONPATH", str(installed))
    ids = [await registered(database, **each) for each in (FIRST, NO_NUMBER, STRANGER)]
    search_id = await asked(database)
    assert await worker_on(cluster_of_spark.master, database, settings).search_once()
    search = await search_of(database, search_id)
    assert (search.status, search.failure) == ("finished", None)
    assert (search.total, search.compared, search.found, search.known) == (3, 3, 1, 0)
    (pair,) = await queue(database)
    assert [pair["first_id"], pair["second_id"]] == ids[:2]
    assert pair["evidence"][:3] == ["same-name", "same-birth-date", "id-number-missing"]
    again = await asked(database)
    assert await DuplicateWorker(database, make_actor(), settings).search_once()
    search = await search_of(database, again)
    assert (search.found, search.known, search.lapsed) == (0, 1, 0)
    (duckdb,) = await queue(database)
    assert duckdb["evidence"] == pair["evidence"]
    assert duckdb["weights"] == pytest.approx(pair["weights"])
    said = [each.read_bytes() for each in cluster_of_spark.folder.rglob("*") if each.is_file()]
    assert any(b"yipan-duplicates" in each for each in said)
    for secret in (SECRET, FIRST["id_number"][:17], "王芳", "李娜"):
        assert not [each for each in said if secret.encode() in each]


async def jvm_of(process: psutil.Process) -> psutil.Process:
    """The JVM that a linking process has started (and not the one that made its command line),
    once they talk."""
    while True:
        for each in process.children(recursive=True):
            with suppress(psutil.Error):
                launcher = "org.apache.spark.launcher.Main" in each.cmdline()
                if each.name() == "java" and not launcher and each.net_connections("tcp"):
                    return each
        await asyncio.sleep(0.05)


@pytest.mark.parametrize("how", ["killed", "worker ends", "cancelled"])
async def test_no_jvm_is_left_behind(
    database: Database,
    settings: Settings,
    installed: Path,
    monkeypatch: pytest.MonkeyPatch,
    how: str,
) -> None:
    """Whether the linking process is killed, its worker ends or somebody cancels the search; and no
    secret stands in the JVM's arguments or environment."""
    monkeypatch.setenv("PYTHONPATH", str(installed))
    for each in (FIRST, NO_NUMBER):
        await registered(database, **each)
    search_id = await asked(database)
    task, process = await started(worker_on("local[1]", database, settings))
    jvm = await jvm_of(process)
    said = [*jvm.cmdline(), *jvm.environ().values()]
    assert any("spark.io.encryption.enabled=true" in each for each in said)
    assert SECRET not in " ".join(said)
    assert settings.field_key.get_secret_value() not in " ".join(said)
    if how == "killed":
        process.kill()
        assert await task
    elif how == "cancelled":
        async with database.transaction(make_actor()) as tx:
            await cancel_search(search_id, "en", tx)
        assert await task
    else:
        task.cancel()
        await asyncio.wait({task})
    await asyncio.to_thread(jvm.wait, 60)
    assert not process.is_running()


async def failure_of(database: Database, settings: Settings) -> str | None:
    for each in (FIRST, NO_NUMBER):
        await registered(database, **each)
    search_id = await asked(database)
    assert await worker_on("local[1]", database, settings).search_once()
    search = await search_of(database, search_id)
    assert search.status == "failed"
    assert await queue(database) == []
    return search.failure


async def test_without_pyspark_a_search_fails_with_that_reason(
    database: Database, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pyspark.py").write_text("raise ModuleNotFoundError")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    assert await failure_of(database, settings) == "spark-missing"


async def test_without_java_a_search_fails_with_that_reason(
    database: Database,
    settings: Settings,
    installed: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(installed))
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    assert await failure_of(database, settings) == "spark-unavailable"
