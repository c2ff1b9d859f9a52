"""The DCI envelope (specs: dci_registry_core_api v1.0.0) as far as our own facts need it.

Our facts travel as `notify`: the record type names the fact ("yipan.notice.arrival.v1"), the
records member holds it.
"""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, SkipValidation

from shared.signing import JsonObject

_Id = Annotated[str, Field(min_length=1, max_length=99)]


class Header(BaseModel):
    """MsgCallbackHeader. Members of the standard that we do not use are signed, and ignored."""

    model_config = ConfigDict(extra="ignore")

    version: str = "1.0.0"
    message_id: _Id
    message_ts: AwareDatetime
    action: Literal["notify"]
    status: Literal["rcvd", "pdng", "succ", "rjct"]
    sender_id: _Id
    receiver_id: _Id
    total_count: Literal[1] = 1
    is_msg_encrypted: bool = False


class EventData(BaseModel):
    model_config = ConfigDict(extra="forbid")

    version: str = "1.0.0"
    reg_type: str | None = None
    reg_record_type: Annotated[str, Field(max_length=100)]
    reg_records: SkipValidation[JsonObject]  # by the model of its kind, which is closed


class NotifyEvent(BaseModel):
    model_config = ConfigDict(extra="forbid")

    reference_id: _Id
    timestamp: AwareDatetime
    data: EventData
    locale: str | None = None


class NotifyMessage(BaseModel):
    """NotifyEventRequest with one event; `transaction_id` is the notice or inquiry it is about."""

    model_config = ConfigDict(extra="forbid")

    transaction_id: Annotated[str, Field(max_length=99)]
    notify_event: Annotated[list[NotifyEvent], Field(min_length=1, max_length=1)]


class Ack(BaseModel):
    """The standard's acknowledgement, with our signed receipt beside it."""

    ack_status: Literal["ACK"] = "ACK"
    timestamp: datetime
    correlation_id: str
    receipt: str


class AckResponse(BaseModel):
    message: Ack


class OneAnswer(BaseModel):
    """To one message of several: the status and body that `notify` would have answered with."""

    status: int
    body: JsonObject


class BatchAnswer(BaseModel):
    """To several messages, in their order."""

    answers: list[OneAnswer]


class WireFault(BaseModel):
    """The standard's error code, and what it means in both languages."""

    code: str
    message: str


class WireNack(BaseModel):
    ack_status: Literal["ERR"]
    timestamp: datetime
    error: WireFault
    correlation_id: str


class WireError(BaseModel):
    """`Response` and `HttpErrorResponse` of the standard in one body."""

    message: WireNack
    errors: list[WireFault]


class TrafficView(BaseModel):
    """Counts of messages: `sent` to peers, of them `receipted` with a signed receipt and `failed`
    for good; `applied` from peers; `refused` at our door."""

    sent: int = 0
    receipted: int = 0
    failed: int = 0
    applied: int = 0
    refused: int = 0
