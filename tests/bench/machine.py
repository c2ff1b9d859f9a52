"""What a number was taken on: no host names, no paths."""

import os
import platform
import re
import subprocess
from contextlib import suppress
from pathlib import Path

from deploy.box.binaries import find_binaries


def describe() -> str:
    """Cores, memory, processor; Python and PostgreSQL."""
    return (
        f"{os.cpu_count()} cores, {_memory()} GiB memory, {_processor()}, Linux; "
        f"Python {platform.python_version()}, PostgreSQL {_postgres()}"
    )


def peak_memory(pid: int) -> float:
    """The largest resident size (MiB) a process has had since it started or was last asked to
    forget it."""
    status = Path(f"/proc/{pid}/status").read_text()
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    return int(found[1]) / 1024 if found else 0.0


def forget_peak_memory(pid: int) -> None:
    """From now on `peak_memory` counts anew (proc_pid_clear_refs(5))."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")


def processor_seconds(pid: int) -> float:
    """What a process has had of the processors since it started, its ended children included."""
    fields = _stat(pid)
    return sum(int(fields[n]) for n in range(11, 15)) / os.sysconf("SC_CLK_TCK")


def family_seconds(pid: int) -> float:
    """Like `processor_seconds`, with that of its children that run."""
    own = processor_seconds(pid)
    for file in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has just ended
            if int(_stat(int(file.name))[1]) == pid:
                own += processor_seconds(int(file.name))
    return own


def _stat(pid: int) -> list[str]:
    """The fields of proc_pid_stat(5) from the third on."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()


def _memory() -> int:
    return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30)


def _processor() -> str:
    found = re.search(r"model name\s*: (.+)", Path("/proc/cpuinfo").read_text())
    return re.sub(r"\(R\)|\(TM\)", "", found[1]).strip() if found else platform.machine()


def _postgres() -> str:
    program = find_binaries().folder / "postgres"
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=True)
    return said.stdout.split(") ")[1].split()[0]
