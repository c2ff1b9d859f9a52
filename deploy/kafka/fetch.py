"""Fetch a pinned Apache Kafka from Maven Central, verified and cached.

`python -m deploy.kafka.fetch` prints the folder of jars. The folder is `~/.cache/yipan/kafka-…`, or
what YIPAN_KAFKA_HOME names: a machine without a network takes a copy of it from one that has one.

After a change in pom.xml: fetch with Maven into an empty folder, look at what came, and in that
folder run `sha256sum *.jar` into artifacts.sha256.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from deploy.box.errors import BoxError

HERE = Path(__file__).parent
POM = HERE / "pom.xml"
MAVEN_SECONDS = 900


def version() -> str:
    """The version of Kafka that pom.xml pins."""
    pinned = re.search(r"<kafka\.version>(.+)</kafka\.version>", POM.read_text())
    assert pinned
    return pinned[1]


def home() -> Path:
    """The folder the jars are in, or will be."""
    chosen = os.environ.get("YIPAN_KAFKA_HOME")
    return Path(chosen) if chosen else Path.home() / f".cache/yipan/kafka-{version()}"


def fetch() -> Path:
    """The folder of jars, every one verified; downloads it once. Raises BoxError.

    Takes a tenth of a second when the folder is there (checking 45 MB), else up to some minutes.
    """
    folder = home()
    if not folder.exists():
        _download(folder)
    verify(folder)
    return folder


def verify(folder: Path) -> None:
    """Raise BoxError unless the folder holds exactly the jars of artifacts.sha256."""
    lines = (HERE / "artifacts.sha256").read_text().splitlines()
    expected = {name: digest for digest, name in (line.split() for line in lines)}
    found = {jar.name: hashlib.sha256(jar.read_bytes()).hexdigest() for jar in folder.glob("*.jar")}
    names = sorted(expected.keys() | found.keys())
    wrong = [name for name in names if expected.get(name) != found.get(name)]
    if wrong:
        raise BoxError(
            f"{folder} is not Apache Kafka {version()} as pinned (first difference: {wrong[0]}); "
            "remove that folder and fetch again.",
            f"{folder} 与锁定的 Apache Kafka {version()} 不符（首个差异：{wrong[0]}），"
            "请删除该目录后重新获取。",
        )


def _download(folder: Path) -> None:
    """Let Maven fill a folder beside the wanted one, and rename it when it is right."""
    if shutil.which("mvn") is None:
        raise BoxError(
            f"Apache Kafka is not in {folder}, and Maven (mvn) is not installed to fetch it.",
            f"{folder} 中没有 Apache Kafka，且未安装用于下载的 Maven（mvn）。",
        )
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(dir=folder.parent))
    except OSError as error:
        raise BoxError(
            f"{folder.parent} cannot be written: {error.strerror}.",
            f"无法写入 {folder.parent}：{error.strerror}。",
        ) from error
    try:
        _maven(fresh)
        verify(fresh)
        fresh.chmod(0o755)
        fresh.rename(folder)
    except OSError as error:
        if not folder.exists():  # unless another fetch was quicker
            raise BoxError(
                f"Apache Kafka could not be put into {folder}: {error.strerror}.",
                f"无法将 Apache Kafka 放入 {folder}：{error.strerror}。",
            ) from error
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _maven(folder: Path) -> None:
    # -C: fail on a file that differs from the checksum its repository gives.
    maven = ["mvn", "-B", "-q", "-C", "-f", str(POM), "dependency:copy-dependencies"]
    try:
        done = subprocess.run(
            [*maven, f"-DoutputDirectory={folder}"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=MAVEN_SECONDS,
        )
    except subprocess.TimeoutExpired as error:
        raise _failed(f"no end after {MAVEN_SECONDS} seconds") from error
    if done.returncode != 0:
        said = [line for line in done.stdout.splitlines() if line.startswith("[ERROR]")]
        raise _failed(said[0] if said else done.stderr.strip()[-500:])


def _failed(why: str) -> BoxError:
    return BoxError(
        f"Maven could not fetch Apache Kafka {version()}: {why}",
        f"Maven 未能下载 Apache Kafka {version()}：{why}",
    )


if __name__ == "__main__":
    try:
        print(fetch())
    except BoxError as failure:
        sys.exit(f"{failure}\n{failure.zh}")
