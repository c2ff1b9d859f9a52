"""Commands and views of consents."""

from datetime import datetime
from typing import Literal, Self
from uuid import UUID

from pydantic import BaseModel, model_validator

from services.migrant.consents.rules import WORDS, ConsentPurpose
from shared.commands import Command, CountyCode
from shared.text import MobileNumber


class GiveConsent(Command):
    """Record what a person agrees to, after she was told the words of `GET /consent-purposes`.

    `region` says where she lives, for somebody the welcome desk has not met."""

    person_id: UUID
    purpose: ConsentPurpose
    phone: MobileNumber | None = None
    language: Literal["zh", "en"] = "zh"
    region: CountyCode | None = None

    @model_validator(mode="after")
    def _reachable(self) -> Self:
        if WORDS[self.purpose].needs_phone and self.phone is None:
            raise ValueError("请填写接收短信的手机号 / a phone for the messages is needed")
        return self


class WithdrawConsent(Command):
    """Take a consent back (撤回同意). No reason is asked."""

    consent_id: UUID


class ConsentView(BaseModel):
    """A consent; `words` is what was agreed to, in the reader's language."""

    id: UUID
    person_id: UUID
    purpose: ConsentPurpose
    text_version: int
    words: str
    language: str
    phone: str | None
    given_at: datetime
    withdrawn_at: datetime | None


class ConsentPurposeView(BaseModel):
    """Something a person may agree to, in plain words."""

    purpose: ConsentPurpose
    text_version: int
    zh: str
    en: str
    needs_phone: bool
