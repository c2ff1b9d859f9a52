"""What the exchange (协作交换) brings of claims between counties (两地报销结算), each verified to
be said by a node that speaks for `from_region`."""

from datetime import date
from uuid import UUID

from shared.events.base import Event, Personal


class ClaimReceived(Event, key="claim_id"):
    """Another county asks ours to pay for one of our residents by rule (收到报销): see
    migrant.claim-submitted."""

    claim_id: UUID
    from_region: str
    payer_region: str
    revision: int
    service: str
    rule: str
    rule_since: date
    rule_source: str
    served_on: date
    amount_fen: int
    submitted_on: date
    decide_by: date
    pay_days: int
    name: Personal
    id_number: Personal
    provider: Personal
    account: Personal | None
    reference: str | None


class ClaimStepReceived(Event, key="claim_id"):
    """The residence took a step in a claim that ours pays (报销进展): see
    migrant.claim-step-taken."""

    claim_id: UUID
    from_region: str
    revision: int
    step: str
    taken_on: date
    decide_by: date | None
    objection: Personal | None
    reference: str | None


class ClaimNeverLeft(Event, key="claim_id"):
    """A claim of ours that was taken back had not left (报销未发出): the paying county never heard
    of it, and never will. `revision` is the word that took it back."""

    claim_id: UUID
    revision: int


class ClaimPaperReceived(Event, key="claim_id"):
    """Another county names a paper of a claim that ours pays (收到报销材料): its id is that of the
    attachment, which is being fetched; its hash what the fetched file is held against."""

    claim_id: UUID
    from_region: str
    payer_region: str
    paper_id: UUID
    kind: str
    media_type: str
    size: int
    sha256: str


class ClaimPaperNotSent(Event, key="claim_id"):
    """A paper of a claim of ours is of a kind that the exchange does not carry (报销材料未受理)."""

    claim_id: UUID
    paper_id: UUID


class ClaimAnswerReceived(Event, key="claim_id"):
    """The county that pays a claim of ours says where it stands there (报销答复): see
    migrant.claim-answered."""

    claim_id: UUID
    from_region: str
    revision: int
    number: int
    standing: str
    answered_on: date
    granted_fen: int | None
    paid_fen: int | None
    reason: Personal | None
    decided_on: date | None
    paid_on: date | None
    list_reference: str | None
    reference: str | None
