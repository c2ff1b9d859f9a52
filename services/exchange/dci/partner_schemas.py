"""Commands and views of partners."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Self
from urllib.parse import urlsplit
from uuid import UUID

from pydantic import AfterValidator, BaseModel, Field, SecretStr, model_validator

from services.exchange.dci.models import Action, CallbackState, SignatureForm, Status
from services.exchange.dci.profiles import PROFILES, PURPOSES
from services.exchange.dci.rules import lies_under
from services.exchange.dci.signatures import check_partner_keys
from shared.commands import Command
from shared.signing import JsonObject
from shared.text import clean


def _address(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username:
        raise ValueError("应为 http(s) 地址 / an http(s) address is needed")
    if parts.query or parts.fragment or not text.isascii() or "\\" in text:
        raise ValueError("地址只含主机和路径 / an address has a host and a path only")
    return text.rstrip("/")


def _listed(known: Sequence[str]) -> AfterValidator:
    def check(names: list[str]) -> list[str]:
        if not set(names) <= set(known):
            raise ValueError(f"可选:{'、'.join(known)} / choose among {', '.join(known)}")
        return sorted(set(names))

    return AfterValidator(check)


SenderId = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,49}$")]
Names = Annotated[list[str], Field(min_length=1, max_length=20)]


class PartnerLogin(Command):
    """Where and as whom we get a token for the partner's own doors."""

    token_url: Annotated[str, Field(max_length=300)]
    client_id: Annotated[str, Field(min_length=1, max_length=100)]
    client_secret: Annotated[SecretStr, Field(max_length=300)]


class AddPartner(Command):
    """Enter a foreign system (登记合作方): who it is, where it takes callbacks, how it signs, what
    it may ask and for which purposes. A decision of this county, with an agreement behind it."""

    sender_id: SenderId
    name: Annotated[str, Field(min_length=1, max_length=100), AfterValidator(clean)]
    address: Annotated[str, Field(max_length=300), AfterValidator(_address)]
    certificate_pem: Annotated[str | None, Field(max_length=20_000)] = None
    signature: SignatureForm = SignatureForm.DETACHED
    jwks: JsonObject | None = None
    profiles: Annotated[Names, _listed(sorted(PROFILES))]
    purposes: Annotated[Names, _listed(PURPOSES)]
    login: PartnerLogin | None = None

    @model_validator(mode="after")
    def _signs(self) -> Self:
        check_partner_keys(self.signature, self.jwks)
        return self

    @model_validator(mode="after")
    def _one_address(self) -> Self:
        if self.login is not None and not lies_under(self.login.token_url, self.address):
            raise ValueError("token_url 应在登记的地址之下 / token_url must lie under the address")
        return self


class PartnerView(BaseModel):
    """A partner, without its secret."""

    sender_id: str
    name: str
    address: str
    certificate_pem: str | None
    signature: SignatureForm
    jwks: JsonObject | None
    profiles: list[str]
    purposes: list[str]
    token_url: str | None
    created_at: datetime
    created_by: str
    revoked_at: datetime | None


class PartnerSecretView(BaseModel):
    """The secret with which a partner asks for tokens: shown this once."""

    sender_id: str
    client_secret: str


class TransactionView(BaseModel):
    """A request of a partner, an event it is owed or a question of ours, and how far it got.
    `received_leaf` and `sent_leaf` are where the evidence log holds its message and ours."""

    id: UUID
    action: Action
    transaction_id: str
    status: Status
    delivery: CallbackState
    attempts: int
    last_error: str | None
    asked_at: datetime
    answered_at: datetime | None
    delivered_at: datetime | None
    received_leaf: int | None
    sent_leaf: int | None
