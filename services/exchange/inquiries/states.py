"""The life of an inquiry (协查) as data: state × verb × side → state.

The same table decides at the desk and for what a peer sends, so all nodes that hold an inquiry
walk the same way. Pure.
"""

from enum import StrEnum
from typing import Final

from services.exchange.errors import NotInThisState


class State(StrEnum):
    OPENED = "opened"  # 已发出
    ACCEPTED = "accepted"  # 已受理
    CLARIFYING = "clarifying"  # 待补充
    PART_ANSWERED = "part-answered"  # 部分答复
    RETURNED = "returned"  # 已退回
    ANSWERED = "answered"  # 已答复
    REOPENED = "reopened"  # 重新协查
    DISPUTED = "disputed"  # 有争议
    DECIDED = "decided"  # 已裁定
    CLOSED = "closed"  # 已结案
    WITHDRAWN = "withdrawn"  # 已撤回


class Verb(StrEnum):
    ACCEPT = "accept"  # 受理
    RETURN = "return"  # 退回
    FORWARD = "forward"  # 转送
    ANSWER = "answer"  # 答复
    CLARIFY = "clarify"  # 补充说明
    REMIND = "remind"  # 催办
    RECOUNT = "recount"  # 重计期限
    ESCALATE = "escalate"  # 上报
    CLOSE = "close"  # 结案
    REOPEN = "reopen"  # 重新协查
    WITHDRAW = "withdraw"  # 撤回
    DISPUTE = "dispute"  # 提出争议
    DECIDE = "decide"  # 裁定
    CORRECT = "correct"  # 更正, after an objection was upheld


class Side(StrEnum):
    ASKING = "asking"
    ASKED = "asked"
    CITY = "city"


Step = tuple[State, Verb, Side]

_S, _V, _ASKING, _ASKED = State, Verb, Side.ASKING, Side.ASKED
# Where the asked county still owes an answer.
WAITING: Final = frozenset({_S.OPENED, _S.ACCEPTED, _S.PART_ANSWERED, _S.REOPENED})
OVER: Final = frozenset({_S.CLOSED, _S.WITHDRAWN})

TRANSITIONS: Final[dict[Step, State]] = {
    (_S.OPENED, _V.ACCEPT, _ASKED): _S.ACCEPTED,
    (_S.REOPENED, _V.ACCEPT, _ASKED): _S.ACCEPTED,
    # wrong place: back to the asking county with a suggestion, which sends it on
    **{(state, _V.RETURN, _ASKED): _S.RETURNED for state in (_S.OPENED, _S.ACCEPTED, _S.REOPENED)},
    (_S.RETURNED, _V.FORWARD, _ASKING): _S.OPENED,
    # inside the asked county, to the township in charge; the asking county is not concerned
    **{(state, _V.FORWARD, _ASKED): state for state in WAITING},
    **{(state, _V.CLARIFY, _ASKED): _S.CLARIFYING for state in WAITING},
    (_S.CLARIFYING, _V.CLARIFY, _ASKING): _S.ACCEPTED,
    # the one answer that leaves something open is PART_ANSWERED: see `after`
    **{
        (state, _V.ANSWER, _ASKED): _S.ANSWERED
        for state in (*sorted(WAITING), _S.CLARIFYING, _S.DECIDED)
    },
    **{(state, _V.REMIND, _ASKING): state for state in WAITING},
    **{(state, _V.ESCALATE, _ASKING): state for state in WAITING},
    **{
        (state, _V.CLOSE, _ASKING): _S.CLOSED
        for state in (_S.ANSWERED, _S.PART_ANSWERED, _S.RETURNED, _S.DECIDED)
    },
    (_S.ANSWERED, _V.REOPEN, _ASKING): _S.REOPENED,
    (_S.CLOSED, _V.REOPEN, _ASKING): _S.REOPENED,
    **{
        (state, _V.WITHDRAW, _ASKING): _S.WITHDRAWN
        for state in (
            _S.OPENED,
            _S.ACCEPTED,
            _S.CLARIFYING,
            _S.PART_ANSWERED,
            _S.RETURNED,
            _S.REOPENED,
        )
    },
    **{
        (state, _V.DISPUTE, _ASKING): _S.DISPUTED
        for state in (_S.ANSWERED, _S.PART_ANSWERED, _S.RETURNED)
    },
    (_S.CLOSED, _V.DISPUTE, _ASKED): _S.DISPUTED,
    (_S.DISPUTED, _V.DECIDE, Side.CITY): _S.DECIDED,
}

# Two desks may act at once; their messages then cross. The later state wins at both ends by
# these entries, which hold for what arrives and never for what a desk does.
_ANSWERED_MEANWHILE = (_V.REMIND, _V.ESCALATE, _V.CLARIFY)
CROSSED: Final[dict[Step, State]] = {
    **{(_S.ANSWERED, verb, _ASKING): _S.ANSWERED for verb in _ANSWERED_MEANWHILE},
    (_S.PART_ANSWERED, _V.CLARIFY, _ASKING): _S.PART_ANSWERED,
    (_S.ANSWERED, _V.WITHDRAW, _ASKING): _S.WITHDRAWN,
    **{
        (_S.WITHDRAWN, verb, _ASKED): _S.WITHDRAWN
        for verb in (_V.ACCEPT, _V.RETURN, _V.CLARIFY, _V.ANSWER)
    },
    **{
        (_S.RETURNED, verb, _ASKING): _S.RETURNED
        for verb in (_V.REMIND, _V.ESCALATE)
    },
    **{
        (_S.CLARIFYING, verb, _ASKING): _S.CLARIFYING
        for verb in (_V.REMIND, _V.ESCALATE)
    },
    **{(_S.CLOSED, verb, _ASKED): _S.CLOSED for verb in (_V.ANSWER, _V.CLARIFY)},
    (_S.CLARIFYING, _V.CLOSE, _ASKING): _S.CLOSED,
    **{(_S.DISPUTED, verb, _ASKED): _S.DISPUTED for verb in (_V.ANSWER, _V.CLARIFY)},
    (_S.CLARIFYING, _V.DISPUTE, _ASKING): _S.DISPUTED,
    (_S.DISPUTED, _V.REOPEN, _ASKING): _S.DISPUTED,
    (_S.REOPENED, _V.DISPUTE, _ASKED): _S.DISPUTED,
    # counted anew by the clock of the asking county, never by a desk
    **{(state, _V.RECOUNT, _ASKING): state for state in State},
    # what was said is put right by the side that said it, whatever became of the matter since
    **{(state, _V.CORRECT, side): state for state in State for side in (_ASKING, _ASKED)},
}  # fmt: skip


def after(state: State, verb: Verb, side: Side, *, complete: bool = True) -> State:
    """The state after a desk's act. Raises NotInThisState."""
    return _next(TRANSITIONS, state, verb, side, complete)


def after_arrival(state: State, verb: Verb, side: Side, *, complete: bool = True) -> State:
    """The state after a peer's act arrived, which may have crossed with ours. Raises
    NotInThisState."""
    return _next(TRANSITIONS | CROSSED, state, verb, side, complete)


def _next(table: dict[Step, State], state: State, verb: Verb, side: Side, complete: bool) -> State:
    found = table.get((state, verb, side))
    if found is None:
        raise NotInThisState()
    if verb is Verb.ANSWER and found is State.ANSWERED and not complete:
        return State.PART_ANSWERED
    return found
