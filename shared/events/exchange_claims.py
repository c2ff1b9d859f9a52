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
