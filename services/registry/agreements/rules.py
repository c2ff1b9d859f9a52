"""Decisions about agreements, without any I/O."""

from collections.abc import Sequence
from datetime import date
from enum import StrEnum


class AgreementState(StrEnum):
    """Where an agreement stands on a day."""

    DRAFTED = "drafted"  # 待签
    AGREED = "agreed"  # 已签,未生效
    RUNNING = "running"  # 有效
    EXPIRED = "expired"  # 到期
    ENDED = "ended"  # 终止


class EndReason(StrEnum):
    """Why an agreement ended before its time."""

    BOTH_AGREED = "both-agreed"  # 双方同意
    NOTICE_GIVEN = "notice-given"  # 一方通知终止
    PARTY_CLOSED = "party-closed"  # 单位注销或岗位撤销
    LEASE_OVER = "lease-over"  # 租赁结束
    ENTERED_IN_ERROR = "entered-in-error"  # 登记有误


def state_of(
    *, signed: bool, since: date, until: date, ended_on: date | None, on: date
) -> AgreementState:
    """`until` is the first day it no longer runs; so is `ended_on`."""
    if ended_on is not None and (ended_on <= on or not signed):
        return AgreementState.ENDED
    if not signed:
        return AgreementState.DRAFTED
    if on < since:
        return AgreementState.AGREED
    return AgreementState.RUNNING if on < until else AgreementState.EXPIRED


def text_of(standing: Sequence[str], optional: Sequence[str], added: Sequence[str]) -> list[str]:
    """The clauses of an agreement in their order: the edition's own, then what was added. Raises
    ValueError for a clause that cannot be added to this kind."""
    if not set(added) <= set(optional):
        raise ValueError("not a clause of this kind of agreement")
    return [*standing, *(each for each in optional if each in added and each not in standing)]
