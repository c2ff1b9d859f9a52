"""What a peer's answer means: only a receipt that fits what we sent counts as delivered. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from services.exchange.evidence.models import PeerHead
from services.exchange.evidence.rules import RECEIPT_TYPE, hash_of
from services.exchange.messages.models import Delivery, MessageOut
from services.exchange.messages.rules import MOST_AT_ONCE, may_pass_later
from services.exchange.participants.models import Participant
from services.exchange.participants.validity import verify_dated
from shared.signing import SignatureInvalid

_LARGEST = 512 * 1024  # bytes of messages in a request: half of what a door reads


@dataclass(frozen=True)
class Outcome:
    """What became of an attempt. `away`: the peer was not reached at all."""

    state: Delivery
    error: str | None = None
    receipt: str | None = None
    head: PeerHead | None = None
    away: bool = False


@dataclass(frozen=True)
class Attempt:
    """A message marked as being sent; `text` is its envelope (JSON), signed for this attempt."""

    message: MessageOut
    peer: Participant
    text: bytes


def portions(attempts: Sequence[Attempt]) -> Iterator[list[Attempt]]:
    """Attempts in their order, as many together as fit into a request."""
    portion, size = list[Attempt](), 0
    for each in attempts:
        if portion and (size + len(each.text) > _LARGEST or len(portion) == MOST_AT_ONCE):
            yield portion
            portion, size = [], 0
        portion.append(each)
        size += len(each.text)
    if portion:
        yield portion


def batch_of(portion: Sequence[Attempt]) -> bytes:
    """The body of a request with several messages."""
    return b'{"messages":[' + b",".join(each.text for each in portion) + b"]}"


def judge_all(said: object, portion: Sequence[Attempt]) -> list[Outcome]:
    """What the answer to several messages means for each."""
    answers = said.get("answers") if isinstance(said, dict) else None
    if not isinstance(answers, list) or len(answers) != len(portion):
        return [Outcome(Delivery.QUEUED, "receipt-invalid")] * len(portion)
    return [_judge_one(answer, each) for answer, each in zip(answers, portion, strict=True)]


def _judge_one(answer: object, attempt: Attempt) -> Outcome:
    status = answer.get("status") if isinstance(answer, dict) else None
    if not isinstance(answer, dict) or not isinstance(status, int):
        return Outcome(Delivery.QUEUED, "receipt-invalid")
    return judge(status, answer.get("body"), attempt)


def judge(status: int, said: object, attempt: Attempt) -> Outcome:
    """The outcome of an attempt that was answered with a status and a body (None: no JSON)."""
    message = said.get("message") if isinstance(said, dict) else None
    message = message if isinstance(message, dict) else {}
    if status == 200:
        return _receipted(message.get("receipt"), attempt)
    error = message.get("error")
    code = error.get("code") if isinstance(error, dict) else None
    code = code if isinstance(code, str) else None
    said_code = f"{status} {code or ''}".strip()[:100]
    if may_pass_later(status, code):
        return Outcome(Delivery.QUEUED, said_code, away=status >= 500)
    return Outcome(Delivery.FAILED, said_code)


def _receipted(receipt: object, attempt: Attempt) -> Outcome:
    message, peer = attempt.message, attempt.peer
    try:
        claims = verify_dated(str(receipt), peer.key_history, RECEIPT_TYPE)
        size, root = claims["tree_size"], hash_of(claims["root"])
    except (SignatureInvalid, KeyError, ValueError):
        return Outcome(Delivery.QUEUED, "receipt-invalid")
    fits = (claims.get("node"), claims.get("message_id"), claims.get("payload_hash")) == (
        peer.id,
        message.message_id,
        message.payload_hash.hex(),
    )
    if not fits or not isinstance(size, int) or not 1 <= size <= 2**53:
        return Outcome(Delivery.QUEUED, "receipt-of-something-else")
    token = str(receipt)
    head = PeerHead(peer=peer.id, tree_size=size, root=root, token=token, at=message.created_at)
    return Outcome(Delivery.DELIVERED, receipt=token, head=head)
