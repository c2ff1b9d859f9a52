"""What a provider posts, and what it is answered. Unknown members are ignored: a provider may
say more than we need."""

from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field

from services.notify.receipts.rules import PartState
from shared.text import MobileNumber

ProviderId = Annotated[str, Field(min_length=1, max_length=100)]


class Receipt(BaseModel):
    """The fate of one part. `reference`, the message's id, is welcome: with it a receipt that
    overtakes the answer to our call is understood at once."""

    message_id: ProviderId
    reference: UUID | None = None
    state: PartState
    at: AwareDatetime | None = None
    code: Annotated[str | None, Field(max_length=60)] = None


class Receipts(BaseModel):
    receipts: Annotated[list[Receipt], Field(min_length=1, max_length=1000)]


class InboundText(BaseModel):
    """A text somebody sent to our number."""

    message_id: ProviderId
    phone: MobileNumber
    text: Annotated[str, Field(max_length=2000)]


class TakenView(BaseModel):
    """How many entries were taken; ones seen before count too."""

    taken: int
