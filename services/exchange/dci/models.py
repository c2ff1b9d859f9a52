"""Tables: partners, what they asked and what they are owed, and what they follow."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Index, Text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field

from services.exchange.base import Row
from shared.columns import Timestamp
from shared.signing import JsonObject


class SignatureForm(StrEnum):
    """How messages to and from a partner are signed (the standard leaves it open)."""

    DETACHED = "detached"  # detached JWS, Ed25519, over the RFC 8785 bytes of {header, message}
    ATTACHED = "attached"  # JWS, RS256, whose payload is {header, message}
    NONE = "none"  # trials on one machine only


class Action(StrEnum):
    """What a transaction is: a request of a partner, an event that it is owed, or a question of
    ours to it."""

    SEARCH = "search"
    SUBSCRIBE = "subscribe"
    UNSUBSCRIBE = "unsubscribe"
    TXN_STATUS = "txn-status"
    NOTIFY = "notify"
    ASK = "ask"


class Status(StrEnum):
    """The standard's status, as far as it is ever kept: received, done, rejected as a whole."""

    RECEIVED = "rcvd"
    SUCCEEDED = "succ"
    REJECTED = "rjct"


class CallbackState(StrEnum):
    """How far the answer got. `in-answer`: it went back in the same exchange. `refused`: the
    partner will never take it. `given-up`: it was not reached for days."""

    IN_ANSWER = "in-answer"
    WAITING = "waiting"
    SENDING = "sending"
    DELIVERED = "delivered"
    REFUSED = "refused"
    GIVEN_UP = "given-up"


class Word(StrEnum):
    """What a notice says of an event: it is so, reads otherwise, is not so, or is so after all."""

    REGISTERED = "registered"  # 登记
    CORRECTED = "corrected"  # 更正
    ANNULLED = "annulled"  # 撤销
    REINSTATED = "reinstated"  # 恢复


class EndReason(StrEnum):
    """Why a subscription ended before its day."""

    UNSUBSCRIBED = "unsubscribed"
    CONSENT_WITHDRAWN = "consent-withdrawn"
    PARTNER_REVOKED = "partner-revoked"


class Partner(Row, table=True):
    """A foreign system (合作方系统), known by its `sender_id`. `address` is where it takes
    callbacks, `profiles` and `purposes` are what it may ask, and why; `jwks` its signing keys.
    `token_url`, where it has one, is where we get a token for its own doors."""

    __tablename__ = "dci_partners"
    __table_args__ = (
        CheckConstraint("signature IN ('detached', 'attached', 'none')", "dci_signature"),
        Index("dci_partners_sender", "sender_id", unique=True),
    )

    id: UUID = Field(primary_key=True)
    sender_id: str
    name: str
    address: str
    certificate_pem: str | None = None
    signature: str
    jwks: JsonObject | None = Field(default=None, sa_column=Column(JSONB(none_as_null=True)))
    secret_hash: bytes
    token_url: str | None = None
    client_id: str | None = None
    client_secret_sealed: bytes | None = None
    profiles: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    purposes: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    created_at: datetime = Field(sa_type=Timestamp)
    created_by: str
    revoked_at: datetime | None = Field(default=None, sa_type=Timestamp)


class DciTransaction(Row, table=True):
    """A request of a partner or an event it is owed, and the answer. `id` is the standard's
    correlation id; of an event, `occasion` is the id of what happened, and `word` what is said of
    it. Of a question of ours what goes out is kept where the answer otherwise is, and `body_sealed`
    is the partner's. Bodies are sealed, and forgotten after some weeks; `received_leaf` (of the
    partner's message) and `sent_leaf` (of ours) are where the evidence log holds their hashes."""

    __tablename__ = "dci_transactions"
    __table_args__ = (
        CheckConstraint(
            "action IN ('search', 'subscribe', 'unsubscribe', 'txn-status', 'notify', 'ask')",
            "dci_transactions_action",
        ),
        CheckConstraint("status IN ('rcvd', 'succ', 'rjct')", "dci_transactions_status"),
        CheckConstraint(
            "delivery IN ('in-answer', 'waiting', 'sending', 'delivered', 'refused', 'given-up')",
            "dci_transactions_delivery",
        ),
        CheckConstraint(
            "word IN ('registered', 'corrected', 'annulled', 'reinstated')",
            "dci_transactions_word",
        ),
        CheckConstraint(
            "(action = 'notify') = (occasion IS NOT NULL AND word IS NOT NULL)",
            "dci_transactions_occasion",
        ),
        Index(
            "dci_transactions_told",
            "occasion",
            "subscription_id",
            "id",
            postgresql_where="occasion IS NOT NULL",
        ),
        Index("dci_transactions_message", "partner_id", "message_id", unique=True),
        Index(
            "dci_transactions_due",
            "partner_id",
            "id",
            postgresql_where="delivery IN ('waiting', 'sending')",
        ),
        Index(
            "dci_transactions_kept",
            "asked_at",
            postgresql_where="body_sealed IS NOT NULL OR answer_sealed IS NOT NULL",
        ),
        Index("dci_transactions_transaction", "partner_id", "transaction_id"),
    )

    id: UUID = Field(primary_key=True)
    region: str
    partner_id: UUID = Field(sa_column=Column(ForeignKey("dci_partners.id"), nullable=False))
    action: str
    message_id: str
    body_hash: bytes | None = None
    transaction_id: str
    subscription_id: UUID | None = None
    occasion: UUID | None = None
    word: str | None = None
    body_sealed: bytes | None = None
    answer_sealed: bytes | None = None
    status: str = Status.RECEIVED
    delivery: str
    callback_uri: str | None = None
    attempts: int = 0
    due_at: datetime = Field(sa_type=Timestamp)
    last_error: str | None = None
    asked_at: datetime = Field(sa_type=Timestamp)
    answered_at: datetime | None = Field(default=None, sa_type=Timestamp)
    delivered_at: datetime | None = Field(default=None, sa_type=Timestamp)
    received_leaf: int | None = Field(default=None, sa_type=BigInteger)
    sent_leaf: int | None = Field(default=None, sa_type=BigInteger)


class Reference(Row, table=True):
    """In which transaction a partner used a reference id: it is good for one."""

    __tablename__ = "dci_references"

    partner_id: UUID = Field(sa_column=Column(ForeignKey("dci_partners.id"), primary_key=True))
    reference_id: str = Field(primary_key=True)
    asked_in: UUID = Field(sa_column=Column(ForeignKey("dci_transactions.id"), nullable=False))


class Subscription(Row, table=True):
    """A partner follows one kind of event of one person (订阅), for a purpose, until a day. `id` is
    the standard's subscription code; `criteria_sealed` what was asked."""

    __tablename__ = "dci_subscriptions"
    __table_args__ = (
        CheckConstraint(
            "ended_because IN ('unsubscribed', 'consent-withdrawn', 'partner-revoked')",
            "dci_subscriptions_ended_because",
        ),
        Index(
            "dci_subscriptions_standing",
            "person_id",
            "event",
            postgresql_where="ended_at IS NULL",
        ),
        Index("dci_subscriptions_partner", "partner_id", "id"),
    )

    id: UUID = Field(primary_key=True)
    region: str
    partner_id: UUID = Field(sa_column=Column(ForeignKey("dci_partners.id"), nullable=False))
    asked_in: UUID = Field(sa_column=Column(ForeignKey("dci_transactions.id"), nullable=False))
    transaction_id: str
    reference_id: str
    person_id: UUID
    profile: str
    event: str
    purpose: str
    criteria_sealed: bytes
    since: datetime = Field(sa_type=Timestamp)
    until: datetime = Field(sa_type=Timestamp)
    created_at: datetime = Field(sa_type=Timestamp)
    ended_at: datetime | None = Field(default=None, sa_type=Timestamp)
    ended_because: str | None = None


class PartnerKey(Row, table=True):
    """Our RSA key, for partners that verify nothing but RS256; published with the others."""

    __tablename__ = "dci_keys"

    kid: str = Field(primary_key=True)
    public: JsonObject = Field(sa_column=Column(JSONB, nullable=False))
    private_sealed: bytes
    created_at: datetime = Field(sa_type=Timestamp)
