"""What a provider posts, and what it is answered; what staff see of texts from people. Unknown
members of what a provider posts are ignored: it may say more than we need."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, BaseModel, Field

from services.notify.messages.schemas import VariableValue
from services.notify.receipts.rules import PartState
from services.notify.templates.schemas import TemplateCode, VariableName
from shared.commands import Command
from shared.text import MobileNumber

ProviderId = Annotated[str, Field(min_length=1, max_length=100)]
_LONGEST = 2_000  # characters that are kept: more than thirty parts


def _cut(text: str) -> str:
    return text[:_LONGEST]


TextAsSent = Annotated[str, AfterValidator(_cut)]


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
    """A text somebody sent to our number, or a piece of one: then `reference` is the same for all
    its pieces, of which there are `total`, and `number` is its place, from 1."""

    message_id: ProviderId
    phone: MobileNumber
    text: TextAsSent
    reference: Annotated[int | None, Field(ge=0, le=65_535)] = None
    total: Annotated[int | None, Field(ge=1, le=255)] = None
    number: Annotated[int | None, Field(ge=1, le=255)] = None

    @property
    def place(self) -> tuple[int, int, int] | None:
        """Reference, total and number of a piece; None for a whole text, and for one whose place
        makes no sense: nothing that somebody wrote is lost."""
        if self.reference is None or self.total is None or self.number is None:
            return None
        if self.total == 1 or self.number > self.total:
            return None
        return self.reference, self.total, self.number


class TakenView(BaseModel):
    """How many entries were taken; ones seen before count too."""

    taken: int


class UnmatchedView(BaseModel):
    """Receipts of a provider that fit no text of ours: of another sender, or of a text that is
    kept no longer."""

    provider: str
    receipts: int
    first_at: datetime
    last_at: datetime


class ReplyLine(BaseModel):
    """Somebody wrote to us (上行短信): `texts` of hers within the hour are joined. `message_id` is
    which of our texts it answers. `person_id` is null where the number is nobody's, or of more
    than one person. The number is masked."""

    id: UUID
    region: str
    person_id: UUID | None
    message_id: UUID | None
    phone: str | None
    texts: int
    received_at: datetime
    read_at: datetime | None
    read_by: str | None
    answer_id: UUID | None
    done_at: datetime | None
    done_by: str | None


class SaidView(BaseModel):
    """What she wrote; null once erased."""

    text: str | None
    received_at: datetime


class ReplyView(ReplyLine):
    """With her words, oldest first, and the template of the text of ours that they answer."""

    template: str | None
    said: Sequence[SaidView]


class AnswerReply(Command):
    """Answer somebody who wrote to us, by a template whose purpose is "reply"."""

    template: TemplateCode
    variables: dict[VariableName, VariableValue] = Field(default_factory=dict, max_length=20)
