"""How the keeping of a record goes from a giver to a taker, as data. Pure.

    giver  offered ─accepted→ releasing ─stopped→ released ─taken→ taken
    taker  offered ─accept→ stopping ─stopped→ accepted ─released→ taken

"stopped" is a county's own registry saying that nobody writes the record there any more, and that
nobody will until it is told so. The giver's word "released" leaves after that, in the transaction
that notes it; the taker's registry is told to write in the transaction that takes that word in. So
between the two there may be nobody who writes, and never two who do, whatever crashes or comes
late: nothing here depends on a time. Where the taker has a record of the same person already, it
stops before it says "accepted": from then on both are one record with one keeper.
"""

from enum import StrEnum
from typing import Final, NamedTuple

from services.exchange.errors import NotInThisState


class Role(StrEnum):
    GIVER = "giver"  # 移交方
    TAKER = "taker"  # 接收方


class Stage(StrEnum):
    OFFERED = "offered"  # 已提出
    STOPPING = "stopping"  # 接收方停止登记
    ACCEPTED = "accepted"  # 已同意接收
    RELEASING = "releasing"  # 移交方停止登记
    RELEASED = "released"  # 已移交
    TAKEN = "taken"  # 已接管
    DECLINED = "declined"  # 不接收
    WITHDRAWN = "withdrawn"  # 已撤回


class Word(StrEnum):
    """What moves a handover: a desk of ours, our registry, or the other county."""

    ACCEPT = "accept"
    DECLINE = "decline"
    WITHDRAW = "withdraw"
    STOPPED = "stopped"
    UNKNOWN = "unknown"
    HEARD_ACCEPTED = "heard-accepted"
    HEARD_DECLINED = "heard-declined"
    HEARD_WITHDRAWN = "heard-withdrawn"
    HEARD_RELEASED = "heard-released"
    HEARD_TAKEN = "heard-taken"


class Writing(StrEnum):
    """What our registry is told."""

    STOP = "stop"
    GO_ON = "go-on"


class Move(NamedTuple):
    """The stage that follows, what the other county hears of it, and what our registry is told."""

    stage: Stage
    say: str | None = None
    tell: Writing | None = None


OFFERED_KIND: Final = "yipan.handover.offered.v1"
ACCEPTED_KIND: Final = "yipan.handover.accepted.v1"
DECLINED_KIND: Final = "yipan.handover.declined.v1"
WITHDRAWN_KIND: Final = "yipan.handover.withdrawn.v1"
RELEASED_KIND: Final = "yipan.handover.released.v1"
TAKEN_KIND: Final = "yipan.handover.taken.v1"
HEARD: Final[dict[str, Word]] = {
    ACCEPTED_KIND: Word.HEARD_ACCEPTED,
    DECLINED_KIND: Word.HEARD_DECLINED,
    WITHDRAWN_KIND: Word.HEARD_WITHDRAWN,
    RELEASED_KIND: Word.HEARD_RELEASED,
    TAKEN_KIND: Word.HEARD_TAKEN,
}
OVER: Final = frozenset({Stage.TAKEN, Stage.DECLINED, Stage.WITHDRAWN})

_G, _T, _S, _W = Role.GIVER, Role.TAKER, Stage, Word
MOVES: Final[dict[tuple[Role, Stage, Word], Move]] = {
    (_T, _S.OFFERED, _W.ACCEPT): Move(_S.STOPPING, tell=Writing.STOP),
    (_T, _S.OFFERED, _W.DECLINE): Move(_S.DECLINED, say=DECLINED_KIND),
    (_T, _S.OFFERED, _W.HEARD_WITHDRAWN): Move(_S.WITHDRAWN),
    (_T, _S.STOPPING, _W.STOPPED): Move(_S.ACCEPTED, say=ACCEPTED_KIND),
    (_T, _S.STOPPING, _W.UNKNOWN): Move(_S.OFFERED),  # no record under the id that our desk gave
    (_T, _S.STOPPING, _W.HEARD_WITHDRAWN): Move(_S.WITHDRAWN, tell=Writing.GO_ON),
    (_T, _S.ACCEPTED, _W.HEARD_WITHDRAWN): Move(_S.WITHDRAWN, tell=Writing.GO_ON),
    (_T, _S.ACCEPTED, _W.HEARD_RELEASED): Move(_S.TAKEN, say=TAKEN_KIND, tell=Writing.GO_ON),
    (_T, _S.WITHDRAWN, _W.STOPPED): Move(_S.WITHDRAWN),  # our registry had been told both
    (_T, _S.DECLINED, _W.HEARD_WITHDRAWN): Move(_S.DECLINED),  # the two words crossed
    (_G, _S.OFFERED, _W.WITHDRAW): Move(_S.WITHDRAWN, say=WITHDRAWN_KIND),
    (_G, _S.OFFERED, _W.HEARD_DECLINED): Move(_S.DECLINED),
    (_G, _S.OFFERED, _W.HEARD_ACCEPTED): Move(_S.RELEASING, tell=Writing.STOP),
    (_G, _S.WITHDRAWN, _W.HEARD_ACCEPTED): Move(_S.WITHDRAWN),  # crossed: the taker hears of it
    (_G, _S.WITHDRAWN, _W.HEARD_DECLINED): Move(_S.WITHDRAWN),
    (_G, _S.RELEASING, _W.STOPPED): Move(_S.RELEASED, say=RELEASED_KIND),
    (_G, _S.RELEASING, _W.UNKNOWN): Move(_S.WITHDRAWN, say=WITHDRAWN_KIND),
    (_G, _S.RELEASED, _W.HEARD_TAKEN): Move(_S.TAKEN),
}


def move(role: Role, stage: Stage, word: Word, *, joined: bool = False) -> Move:
    """What a word does. `joined`: the taker's record was one with the giver's before, by an earlier
    handover; when this one comes to nothing, the taker's registry goes on waiting. Raises
    NotInThisState: after the release began, an offer cannot be withdrawn."""
    found = MOVES.get((role, stage, word))
    if found is None:
        raise NotInThisState()
    if joined and found.stage is Stage.WITHDRAWN:
        return found._replace(tell=None)
    return found


def keeper_after(role: Role, stage: Stage, us: str, peer: str) -> str | None:
    """Which county keeps the record by what we know; None while it is on its way."""
    giver, taker = (us, peer) if role is Role.GIVER else (peer, us)
    if stage is Stage.TAKEN:
        return taker
    return None if stage in (Stage.RELEASING, Stage.RELEASED) else giver
