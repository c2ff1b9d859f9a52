"""What the migrant service (流动人口服务) says of claims, and of those that another county pays
(两地报销结算).

The residence orders what it says of a claim by `revision`, the paying county its answers by
`number`; each answer names the revision it has seen, so that late and doubled ones are told apart.
"""

from datetime import date
from uuid import UUID

from shared.events.base import Event, Personal


class ClaimSubmitted(Event, key="claim_id"):
    """A claim goes to whoever pays it by rule (报销送达), or goes there anew because it was put
    right. The personal fields are for her home county; for other payers, who are reached on paper,
    they stay empty. Sums are whole fen. The payer decides by `decide_by` and pays within
    `pay_days` of that, as the rule says; `reference` is the inquiry or dispute about it."""

    claim_id: UUID
    person_id: UUID
    region: str
    payer: str
    payer_region: str | None
    service: str
    served_on: date
    amount_fen: int
    name: Personal | None = None
    id_number: Personal | None = None
    provider: Personal | None = None
    account: Personal | None = None
    revision: int
    rule: str
    rule_since: date
    rule_source: str
    submitted_on: date
    decide_by: date
    pay_days: int
    reference: str | None = None


class ClaimStepTaken(Event, key="claim_id"):
    """The residence took a `step` in a claim that it had sent to her home county (报销进展): she
    objected, took it back or has the money (objected, withdrawn, confirmed), or it was taken to an
    inquiry or dispute (disputed). An objection is to be answered by `decide_by`."""

    claim_id: UUID
    person_id: UUID
    region: str
    payer_region: str
    revision: int
    step: str
    taken_on: date
    decide_by: date | None
    objection: Personal | None
    reference: str | None


class ClaimAnswered(Event, key="claim_id"):
    """Where a claim of another county (`to_region`) stands at ours, which pays it (报销答复):
    received, accepted, refused, objected, paid, confirmed or withdrawn. `granted_fen` and
    `paid_fen` are what was granted and paid in all, in whole fen."""

    claim_id: UUID
    region: str
    to_region: str
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


class ClaimPaperTold(Event, key="claim_id"):
    """A piece of a paper of a claim that goes to her home county (报销材料): the `number`th of
    `pieces`, from 1, its bytes as base64. `size` in bytes and `sha256` (hex) are of the whole
    file. A paper is more than one event may hold."""

    claim_id: UUID
    paper_id: UUID
    region: str
    payer_region: str
    kind: str
    media_type: str
    size: int
    sha256: str
    number: int
    pieces: int
    content: Personal


class ClaimPapersReleased(Event, key="claim_id"):
    """No duty of ours holds the files of a claim any more, sent or received (报销材料释放): the
    exchange erases them."""

    claim_id: UUID


class ClaimPlaced(Event, key="claim_id"):
    """A claim of another county lies with this office of ours (应付报销分派), and its papers."""

    claim_id: UUID
    region: str
    office: str


class ClaimantSought(Event, key="claim_id"):
    """Another county's claim names somebody as a resident of ours: the register is asked which one
    she is (报销对象核对)."""

    claim_id: UUID
    id_number: Personal


class ClaimSettled(Event, key="claim_id"):
    """A claim was paid, or not granted (报销办结); said again where an objection led to another
    end. `in_time` is about the payer's steps, `office_in_time` about those of the residence."""

    claim_id: UUID
    region: str
    payer: str
    payer_region: str | None
    service: str
    paid: bool
    in_time: bool
    office_in_time: bool
