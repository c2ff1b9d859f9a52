"""Spark as what a search is linked on (在 Spark 上查重), for more records than one machine holds.

pyspark is an extra (requirements-spark.lock) and loaded by the process that links alone. Nothing of
a person is in the clear on a disk or between machines: what Spark writes is encrypted with a key
that lives as long as the search, what it sends with keys agreed on by the cluster's secret.
"""

import subprocess
from collections.abc import Callable
from tempfile import gettempdir
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pyspark.sql import SparkSession
    from splink.backends.spark import SparkAPI

_RECORDS_A_PARTITION: Final = 50_000

ENCRYPTED: Final = {
    "spark.authenticate": "true",
    "spark.network.crypto.enabled": "true",
    "spark.network.crypto.authEngineVersion": "2",
    "spark.network.crypto.cipher": "AES/GCM/NoPadding",
}
"""What driver, master, workers and executors must have in common, beside the secret."""

_SETTINGS: Final = {
    **ENCRYPTED,
    "spark.io.encryption.enabled": "true",  # also: no temporary file between Python and the driver
    "spark.io.encryption.keySizeBits": "256",
    "spark.ui.enabled": "false",
    "spark.eventLog.enabled": "false",
    "spark.sql.catalogImplementation": "in-memory",
    "spark.sql.warehouse.dir": gettempdir(),  # holds nothing, but has to exist
    "spark.sql.session.timeZone": "UTC",
    # A threshold pushed down would work out each comparison anew for every level of it.
    "spark.sql.optimizer.excludedRules": (
        "org.apache.spark.sql.catalyst.optimizer.PushDownPredicates"
    ),
    # A crash leaves no image of the driver's memory, and nobody is told how it was started.
    "spark.driver.extraJavaOptions": "-XX:-UsePerfData -XX:ErrorFile=/dev/null",
    "spark.executor.extraJavaOptions": "-XX:-UsePerfData -XX:ErrorFile=/dev/null",
}


class NoSpark(Exception):
    """There is no Spark to link on; `failure` is that of the search."""

    def __init__(self, failure: str) -> None:
        super().__init__(failure)
        self.failure = failure


def spark_backend(master: str, secret: str | None, memory_mib: int, records: int) -> "SparkAPI":
    """Splink on the cluster of `master`, its driver in a JVM that ends with this process. `secret`
    is what the cluster's members know each other by; `local[…]` needs none. Raises NoSpark."""
    try:
        import pyspark  # noqa: F401
    except ImportError as error:
        raise NoSpark("spark-missing") from error
    from splink.backends.spark import SparkAPI

    try:
        session = _session(master, secret, memory_mib)
    except Exception as error:  # Java is missing, or the cluster is away or refuses
        raise NoSpark("spark-unavailable") from error
    partitions = max(2 * session.sparkContext.defaultParallelism, records // _RECORDS_A_PARTITION)
    session.conf.set("spark.sql.shuffle.partitions", partitions)
    session.conf.set("spark.sql.execution.arrow.maxRecordsPerBatch", _RECORDS_A_PARTITION)
    # The records are data, not part of each query: Spark would copy them with every step of a plan.
    session.conf.set("spark.sql.execution.arrow.localRelationThreshold", "0b")
    on_spark: Callable[..., SparkAPI] = SparkAPI  # untyped
    return on_spark(spark_session=session, break_lineage_method="persist")


def _session(master: str, secret: str | None, memory_mib: int) -> "SparkSession":
    from pyspark import SparkConf, SparkContext
    from pyspark.java_gateway import launch_gateway
    from pyspark.sql import SparkSession
    from splink.backends.spark import similarity_jar_location

    conf = SparkConf().setMaster(master).setAppName("yipan-duplicates")
    conf.setAll([*_SETTINGS.items(), ("spark.driver.memory", f"{memory_mib}m")])
    conf.set("spark.jars", similarity_jar_location())
    if master.startswith("local"):
        conf.set("spark.driver.host", "127.0.0.1")
    # Its output is not ours to answer with, and its log could name somebody.
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    gateway = launch_gateway(conf, quiet)
    if secret:  # only now: before, it would stand in the JVM's arguments
        conf.set("spark.authenticate.secret", secret)
    return SparkSession(SparkContext(conf=conf, gateway=gateway))
