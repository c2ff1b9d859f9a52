"""A data folder: claimed by one process at a time, and what is said when it cannot be used."""

import errno
import fcntl
import os
from pathlib import Path

from deploy.box.errors import BoxError

NO_SPACE = os.strerror(errno.ENOSPC)  # "No space left on device"


def claim(folder: Path) -> int:
    """Make the folder if need be and lock it; closing the handle returned gives it back.

    The kernel does that whenever and however we end. Raises OSError, and BoxError when another
    process, or another part of this one, holds it.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(handle)
        raise in_use(folder) from error
    return handle


def in_use(folder: Path) -> BoxError:
    """Another live server holds the folder."""
    return BoxError(
        f"{folder} is in use by another running server; stop that one first.",
        f"{folder} 正被另一个运行中的服务使用，请先停止它。",
    )


def full(folder: Path) -> BoxError:
    """There is no room left."""
    return BoxError(f"The disk that holds {folder} is full.", f"{folder} 所在的磁盘已满。")


def unusable(error: OSError, folder: Path) -> BoxError:
    """What the operating system refused while a server's data was prepared."""
    place = error.filename or folder
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return full(place)
    return BoxError(
        f"{place} cannot be used for data: {error.strerror}.",
        f"{place} 不能用于存放数据：{error.strerror}。",
    )


def not_started(program: str, folder: Path, reason: str) -> BoxError:
    """The program ended, with these last words."""
    if NO_SPACE in reason:
        return full(folder)
    return BoxError(
        f"{program} did not start in {folder}: {reason}",
        f"{program} 未能在 {folder} 启动：{reason}",
    )
