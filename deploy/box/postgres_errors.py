"""The sentences for what keeps a PostgreSQL server from starting."""

import errno
from pathlib import Path

from deploy.box.errors import BoxError

FULL = "No space left on device"


def in_use(folder: Path) -> BoxError:
    """Another live server or another Yipan holds the folder."""
    return BoxError(
        f"{folder} is in use by another running server; stop that one first.",
        f"{folder} 正被另一个运行中的服务使用，请先停止它。",
    )


def box_error(kind: str, where: Path) -> BoxError:
    """The error of one of a few fixed kinds."""
    english, chinese = {
        "not running": ("The PostgreSQL of {} is not running.", "{} 的 PostgreSQL 没有运行。"),
        "no password": (
            "{} is missing, so nobody can log in to the database beside it; restore that file.",
            "缺少 {}，无法登录同目录的数据库，请恢复该文件。",
        ),
        "no user": (
            "PostgreSQL may not run as root, and there is neither a user postgres nor nobody "
            "to run {}.",
            "PostgreSQL 不能以 root 身份运行，而系统中没有 postgres 或 nobody 用户来运行 {}。",
        ),
        "root's": (
            "{} belongs to root, as whom PostgreSQL may not run; give it back with chown -R to "
            "the user who had it (postgres or nobody).",
            "{} 属于 root，而 PostgreSQL 不能以 root 身份运行；请用 chown -R 归还原用户"
            "（postgres 或 nobody）。",
        ),
        "full": ("The disk that holds {} is full.", "{} 所在的磁盘已满。"),
    }[kind]
    return BoxError(english.format(where), chinese.format(where))


def explain(error: OSError, folder: Path) -> BoxError:
    """What the operating system refused while preparing the folder."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return box_error("full", Path(error.filename or folder))
    place = error.filename or folder
    return BoxError(
        f"{place} cannot be used for PostgreSQL's data: {error.strerror}.",
        f"{place} 不能用于存放 PostgreSQL 数据：{error.strerror}。",
    )


def not_started(folder: Path, said: str) -> BoxError:
    """The server, or initdb, ended; `said` is its output."""
    if FULL in said:
        return box_error("full", folder)
    lines = [line.strip() for line in said.splitlines()]
    bad = [line for line in lines if "FATAL" in line or "PANIC" in line or "error:" in line]
    reason = (bad or [line for line in lines if line] or ["no reason given"])[-1]
    return BoxError(
        f"PostgreSQL did not start in {folder}: {reason}",
        f"PostgreSQL 未能在 {folder} 启动：{reason}",
    )
