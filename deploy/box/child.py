"""A child process that never outlives us and never becomes a zombie.

Imported, this gives `Child`. Run as a script, it is the few instructions between fork and exec:
give up root, ask the kernel for a signal when the parent dies, become the program.
"""

import ctypes
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, NamedTuple, NoReturn

PR_SET_PDEATHSIG = 1  # linux/prctl.h


class Account(NamedTuple):
    """The operating-system user a child runs as."""

    uid: int
    gid: int


def command(
    program: Sequence[str | Path], account: Account | None, death_signal: signal.Signals
) -> list[str]:
    """The command line that starts `program` on a leash held by the calling thread.

    Anything other than `Child` that uses it must keep that thread alive: Linux sends the signal
    when the thread that forked ends, not when its process does (prctl(2), PR_SET_PDEATHSIG).
    """
    uid, gid = account if account else (-1, -1)
    leash = [sys.executable, "-I", "-S", __file__]
    numbers = [os.getpid(), int(death_signal), uid, gid]
    return [*leash, *map(str, numbers), *map(str, program)]


class Child:
    """A running program, started in its own session so that Ctrl-C reaches only us."""

    def __init__(
        self,
        program: Sequence[str | Path],
        *,
        cwd: Path,
        env: Mapping[str, str],
        output: IO[bytes],
        account: Account | None = None,
        death_signal: signal.Signals = signal.SIGKILL,
        handles: Sequence[int] = (),
    ) -> None:
        """Start it, with these open file descriptors under the same numbers.

        Raises OSError when the folder or the interpreter cannot be used.
        """
        arguments = command(program, account, death_signal)
        self._process: subprocess.Popen[bytes] | None = None
        self._failure: OSError | None = None
        self._started = threading.Event()
        # The thread that forks also waits, so it lives exactly as long as the child does: a pool's
        # thread could end early, and the kernel would take that for our death.
        self._keeper = threading.Thread(
            target=self._keep, args=(arguments, cwd, dict(env), output, handles), daemon=True
        )
        self._keeper.start()
        self._started.wait()
        if self._failure is not None:
            raise self._failure

    def _keep(
        self,
        arguments: list[str],
        cwd: Path,
        env: dict[str, str],
        output: IO[bytes],
        handles: Sequence[int],
    ) -> None:
        try:
            self._process = subprocess.Popen(
                arguments,
                cwd=cwd,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                pass_fds=handles,
                umask=0o077,
            )
        except OSError as error:
            self._failure = error
        finally:
            self._started.set()
        if self._process is not None:
            self._process.wait()

    @property
    def process(self) -> subprocess.Popen[bytes]:
        """The process itself; always there once the constructor has returned."""
        assert self._process is not None
        return self._process

    @property
    def pid(self) -> int:
        """Its process id, which stays the same through the exec."""
        return self.process.pid

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return self._keeper.is_alive()

    def signal(self, number: signal.Signals) -> None:
        """Send a signal; nothing happens when it has already ended."""
        if self.alive:
            self.process.send_signal(number)

    def wait(self, seconds: float | None = None) -> bool:
        """Whether it has ended, after waiting at most that long."""
        self._keeper.join(seconds)
        return not self.alive


def become(arguments: Sequence[str]) -> NoReturn:
    """Turn this process into the program: `parent signal uid gid program…`."""
    parent, death_signal, uid, gid = map(int, arguments[:4])
    program = list(arguments[4:])
    if uid >= 0:
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
    # After setuid, which clears it.
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, death_signal, 0, 0, 0)
    if os.getppid() != parent:  # it died before we asked
        raise SystemExit(1)
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # Python ignores it, and exec would inherit that
    os.execv(program[0], program)


if __name__ == "__main__":
    become(sys.argv[1:])
