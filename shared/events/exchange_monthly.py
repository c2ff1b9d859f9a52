"""What the exchange says of each month: what two nodes compared, and saw of each other."""

from datetime import date
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from shared.events.base import Event


class ReconciliationConcluded(Event, key="reconciliation_id"):
    """Two nodes compared what they sent each other (对账结束). `confirmed` and `disagreeing` count
    the feedback to notices both ways, `differing` the messages on which the two do not agree."""

    reconciliation_id: UUID
    peer: str
    since: date
    until: date
    sent: int
    received: int
    confirmed: int
    disagreeing: int
    differing: int


class SeenCount(BaseModel):
    """How often something of an office was seen."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: str
    outcome: str
    count: int


class SeenByPeer(Event, key="statement_id"):
    """Another node said how the offices of `region`, which is ours, did in a `month` (双向考核):
    notices it sent and the feedback it got, inquiries it asked and how they were answered. Said
    again when its figures changed: the newest statement of a month holds whole."""

    statement_id: UUID
    from_node: str
    region: str
    month: str
    counts: list[SeenCount]
