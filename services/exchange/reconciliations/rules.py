"""Why two nodes hold something different of a message. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from enum import StrEnum
from typing import Annotated, Final, Literal, TypeVar
from uuid import UUID, uuid5

from pydantic import BaseModel, ConfigDict, Field

from shared.problems import Text

STATEMENT_KIND = "yipan.reconciliation.statement.v1"
LINES_KIND = "yipan.reconciliation.lines.v1"
KINDS: Final = (STATEMENT_KIND, LINES_KIND)  # never counted: the last one is always on its way

DAYS_AFTER: Final = 3  # into a month before the one past is reconciled: mail settles meanwhile
LONGEST_DAYS: Final = 92
AT_ONCE: Final = 2000  # lines in a message, well below what a body may hold

_NAMESPACE: Final = UUID("5e1f4bb0-2a0d-4d5e-9b0e-4a7d5f3c9c11")


class Reason(StrEnum):
    IN_FLIGHT = "in-flight"
    SINCE_THE_CUT = "since-the-cut"
    GIVEN_UP = "given-up"
    REFUSED = "refused"
    DIVERTED = "diverted"
    NEVER_RECEIVED = "never-received"
    NEVER_SENT = "never-sent"
    ALTERED = "altered"
    FEEDBACK_IN_FLIGHT = "feedback-in-flight"
    FEEDBACK_DIFFERS = "feedback-differs"
    RECORDS_DIFFER = "records-differ"


WORDS: Final[Mapping[Reason, Text]] = {
    Reason.IN_FLIGHT: Text("在途,尚未送达", "still on its way"),
    Reason.SINCE_THE_CUT: Text("截点之后已送达或已反馈", "arrived or was answered after the cut"),
    Reason.GIVEN_UP: Text("发送方已放弃发送", "the sender gave it up"),
    Reason.REFUSED: Text("接收方拒收", "the receiver refused it"),
    Reason.DIVERTED: Text("已改送其他参与方", "sent to another participant instead"),
    Reason.NEVER_RECEIVED: Text(
        "有签收回执但对方没有此件", "receipted, and yet the receiver does not have it"
    ),
    Reason.NEVER_SENT: Text(
        "接收方有、发送方无记录", "received, but the sender knows nothing of it"
    ),
    Reason.ALTERED: Text("两方内容摘要不同", "the two hold different contents"),
    Reason.FEEDBACK_IN_FLIGHT: Text("反馈在途", "the feedback is on its way"),
    Reason.FEEDBACK_DIFFERS: Text("两方所记反馈不同", "the two hold different feedback"),
    Reason.RECORDS_DIFFER: Text("已反馈与登记不符", "confirmed not to fit the receiver's records"),
}
# Nobody's fault, and gone by itself.
PASSING: Final = frozenset({Reason.IN_FLIGHT, Reason.SINCE_THE_CUT, Reason.FEEDBACK_IN_FLIGHT})


class Held(BaseModel):
    """What one side holds of a message: the SHA-256 of its payload, how far it got and with what
    error, the feedback to it. `late`: some of it only since its statement was made."""

    model_config = ConfigDict(extra="forbid")

    payload: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    state: Annotated[str, Field(pattern=r"^[a-z-]{1,20}$")]
    code: Annotated[str, Field(max_length=100)] | None = None
    feedback: Literal["", "agrees", "differs"]
    late: bool


def explain(sent: Held | None, received: Held | None) -> Reason | None:
    """Why the sender and the receiver hold something different; None where they do not."""
    if sent is None:
        return Reason.NEVER_SENT
    if received is None:
        return _undelivered(sent)
    if sent.payload != received.payload:
        return Reason.ALTERED
    if sent.feedback != received.feedback:
        if sent.feedback:
            return Reason.FEEDBACK_DIFFERS
        return Reason.FEEDBACK_IN_FLIGHT
    if sent.feedback == "differs":
        return Reason.RECORDS_DIFFER
    return Reason.SINCE_THE_CUT if sent.late or received.late else None


def _undelivered(sent: Held) -> Reason:
    if sent.state in ("queued", "sending"):
        return Reason.IN_FLIGHT
    return {
        "failed": Reason.REFUSED,
        "given-up": Reason.GIVEN_UP,
        "diverted": Reason.DIVERTED,
    }.get(sent.state, Reason.NEVER_RECEIVED)


def monthly_id(one: str, other: str, since: date) -> UUID:
    """The same on both sides, whichever begins."""
    return uuid5(_NAMESPACE, "|".join((*sorted((one, other)), since.isoformat())))


def month_before(day: date) -> tuple[date, date]:
    """First and last day of the month before that of `day`."""
    last = day.replace(day=1) - timedelta(days=1)
    return last.replace(day=1), last


Item = TypeVar("Item")


def portions(items: Sequence[Item], size: int = AT_ONCE) -> Iterator[tuple[Sequence[Item], bool]]:
    """In order, each with whether it is the last; one empty portion where there is nothing."""
    for start in range(0, len(items) or 1, size):
        yield items[start : start + size], start + size >= len(items)
