"""A claim on its way to the county that pays it: what we tell that county, by event.

Each word to it has a higher `revision` than the one before and says the whole of the step, so that
the last one is enough. The paying county's standing is the joint one (hearing.py): a step of ours
that crossed with its payment comes back as paid, on both sides.
"""

from datetime import date

from services.migrant.claims.models import Claim
from services.migrant.claims.rules import ClaimRule, ClaimStatus, Payer, TellStep
from services.migrant.claims.sealing import opened
from services.migrant.people.models import PersonHere
from services.migrant.people.queries import id_number_of, require_person
from shared.db import Tx
from shared.events.migrant_claims import ClaimStepTaken, ClaimSubmitted

_STEP_OF = {
    ClaimStatus.OBJECTED: TellStep.OBJECTED,
    ClaimStatus.WITHDRAWN: TellStep.WITHDRAWN,
    ClaimStatus.CONFIRMED: TellStep.CONFIRMED,
}


async def submit(claim: Claim, rule: ClaimRule, tx: Tx) -> None:
    """The claim as it reads now. To a home county it leaves with what that county needs to know
    its own resident by; other payers are reached on paper."""
    home = claim.payer == Payer.HOME
    person: PersonHere | None = await require_person(claim.person_id, tx) if home else None
    tx.emit(
        ClaimSubmitted(
            claim_id=claim.id,
            person_id=claim.person_id,
            region=claim.region,
            payer=claim.payer,
            payer_region=claim.payer_region,
            service=claim.service,
            served_on=claim.served_on,
            amount_fen=claim.amount_fen,
            name=person.name if person else None,
            id_number=id_number_of(person, tx) if person else None,
            provider=opened(claim, "provider", tx) if home else None,
            account=opened(claim, "account", tx) if home else None,
            revision=claim.revision,
            rule=rule.zh,
            rule_since=rule.since,
            rule_source=rule.source,
            submitted_on=claim.sent_on or tx.today,
            decide_by=claim.due_on or tx.today,
            pay_days=rule.pay_days,
            reference=claim.reference,
        )
    )


def is_carried(claim: Claim) -> bool:
    """Whether the paying county may have the claim, and is not reached on paper instead."""
    return claim.payer == Payer.HOME and claim.sent_on is not None and not claim.by_hand


def tell_step(claim: Claim, step: TellStep, day: date, tx: Tx) -> None:
    """Tell a step, where the claim is carried. The caller saves the claim afterwards."""
    if is_carried(claim):
        claim.revision += 1
        _say_step(claim, step, day, tx)


async def tell_again(claim: Claim, rule: ClaimRule, tx: Tx) -> None:
    """Say where the claim stands: that it is taken back, where it is settled on paper; the whole of
    it while nobody there has answered; and its last step afterwards. Said twice it harms
    nothing."""
    status = ClaimStatus(claim.status)
    if claim.by_hand or claim.recalled_on is not None:
        _say_step(claim, TellStep.WITHDRAWN, tx.today, tx)
    elif status is ClaimStatus.SENT:
        await submit(claim, rule, tx)
    else:
        _say_step(claim, _STEP_OF.get(status, TellStep.DISPUTED), tx.today, tx)


def _say_step(claim: Claim, step: TellStep, day: date, tx: Tx) -> None:
    objected = step is TellStep.OBJECTED
    tx.emit(
        ClaimStepTaken(
            claim_id=claim.id,
            person_id=claim.person_id,
            region=claim.region,
            payer_region=claim.payer_region or "",
            revision=claim.revision,
            step=step,
            taken_on=day,
            decide_by=claim.due_on if objected else None,
            objection=opened(claim, "objection", tx) if objected else None,
            reference=claim.reference,
        )
    )
