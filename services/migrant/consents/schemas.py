"""Commands and views of consents."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import BaseModel, Field, model_validator

from services.migrant.consents.rules import (
    PURPOSES,
    Channel,
    ConsentPurpose,
    GuardianRelation,
)
from shared.codes import ResidentId
from shared.commands import Command, CountyCode
from shared.text import MobileNumber, PersonName

# What a desk records; what a person does with her own login is always `app`.
DeskChannel = Literal["desk", "phone"]


class Guardian(Command):
    """Who agrees for a child under 14 (监护人)."""

    name: PersonName
    relation: GuardianRelation


class GiveConsent(Command):
    """Record what a person agrees to, after she was told the words of `GET /consent-purposes`.

    `region` says where she lives, for somebody the welcome desk has not met. `at_her_request`:
    she brought it up herself, so that an earlier no does not matter."""

    person_id: UUID
    purpose: ConsentPurpose
    phone: MobileNumber | None = None
    language: Literal["zh", "en"] = "zh"
    region: CountyCode | None = None
    channel: DeskChannel = "desk"
    guardian: Guardian | None = None
    at_her_request: bool = False

    @model_validator(mode="after")
    def _reachable(self) -> Self:
        if PURPOSES[self.purpose].needs_phone and self.phone is None:
            raise ValueError("请填写接收短信的手机号 / a phone for the messages is needed")
        return self


class DeclineConsent(Command):
    """Record that she was asked and said no."""

    person_id: UUID
    purpose: ConsentPurpose
    region: CountyCode | None = None
    channel: DeskChannel = "desk"


class WithdrawConsent(Command):
    """Take a consent back (撤回同意). No reason is asked."""

    consent_id: UUID


class WithdrawConsents(Command):
    """Take consents back at any desk of the county or by phone, wherever they were given. She is
    known by her person id or, when she calls, by name and id number; `purposes` left out: all."""

    person_id: UUID | None = None
    name: PersonName | None = None
    id_number: ResidentId | None = None
    purposes: Annotated[list[ConsentPurpose], Field(min_length=1, max_length=20)] | None = None
    channel: DeskChannel = "desk"

    @model_validator(mode="after")
    def _known(self) -> Self:
        numbered = self.name is not None and self.id_number is not None
        partly = self.name is not None or self.id_number is not None
        if (self.person_id is not None) == numbered or (partly and not numbered):
            raise ValueError(
                "请提供 person_id,或姓名和证件号码 / give person_id, or name and id_number"
            )
        return self


class WithdrawnView(BaseModel):
    """What ended now; empty where nothing stood."""

    purposes: Sequence[ConsentPurpose]
    at: datetime


class GuardianView(BaseModel):
    name: str
    relation: GuardianRelation


class ConsentView(BaseModel):
    """A consent; `words` is what was agreed to, in the reader's language. `stands` is false once
    it is taken back or ended; `newer_words`: the sentence has been written anew since."""

    id: UUID
    person_id: UUID
    purpose: ConsentPurpose
    text_version: int
    words: str
    language: str
    phone: str | None
    channel: Channel
    given_at: datetime
    guardian: GuardianView | None
    until: date | None
    withdrawn_at: datetime | None
    withdrawal_channel: Channel | None
    stands: bool
    newer_words: bool


class RefusalView(BaseModel):
    """That she said no, and until when she is left in peace."""

    id: UUID
    person_id: UUID
    purpose: ConsentPurpose
    text_version: int
    channel: Channel
    declined_at: datetime
    ask_again_on: date


class StandingView(BaseModel):
    """Whether a person's consent to a purpose stands, at whichever desk she gave it."""

    purpose: ConsentPurpose
    stands: bool


class QuestionView(BaseModel):
    """Whether a desk may ask her about a purpose today. `standing`: she has agreed already;
    `ask_again_on`: she has said no, and is not asked before that day."""

    purpose: ConsentPurpose
    words: str
    may_ask: bool
    standing: bool
    ask_again_on: date | None
    guardian_needed: bool


class ConsentPurposeView(BaseModel):
    """Something a person may agree to, in plain words, with the rule behind it."""

    purpose: ConsentPurpose
    text_version: int
    zh: str
    en: str
    needs_phone: bool
    stands_from: int
    ask_again_days: int
    for_children: bool
    source: str
