"""What a number was taken on: no host names, no paths."""

import os
import platform
import re
import subprocess
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


def _memory() -> int:
    return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30)


def _processor() -> str:
    found = re.search(r"model name\s*: (.+)", Path("/proc/cpuinfo").read_text())
    return re.sub(r"\(R\)|\(TM\)", "", found[1]).strip() if found else platform.machine()


def _postgres() -> str:
    program = find_binaries().folder / "postgres"
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=True)
    return said.stdout.split(") ")[1].split()[0]
