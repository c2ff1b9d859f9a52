"""Filing claims, attaching papers, and taking them step by step to the payment."""

from datetime import date
from uuid import UUID

from services.migrant.claims.carrying import is_carried, submit, tell_again, tell_step
from services.migrant.claims.errors import (
    AnsweredThere,
    BeingTakenBack,
    ClaimedBefore,
    DisputedBefore,
    NoRule,
    NotAPaper,
    NothingToCorrect,
    NotNow,
    PapersMissing,
    PaperTooLarge,
    PayerUnknown,
    RecallUnderWay,
    RuleExists,
    TooManyPapers,
)
from services.migrant.claims.models import Claim, ClaimPaper, ClaimRuleRow
from services.migrant.claims.papers import release_papers
from services.migrant.claims.queries import all_rules, paper_place, rule_of, seen
from services.migrant.claims.rules import (
    MOST_BYTES,
    MOST_PAPERS,
    ClaimRule,
    ClaimStatus,
    PaperKind,
    Payer,
    Step,
    TellStep,
    check_decision,
    due_on,
    may,
    media_type_of,
    missing_papers,
    most_granted,
    rule_on,
)
from services.migrant.claims.schemas import (
    ClaimRuleView,
    ClaimView,
    CorrectClaim,
    DecideClaim,
    DisputeClaim,
    FileClaim,
    ObjectToClaim,
    PaperView,
    PayClaims,
    PaymentsView,
    PaymentView,
    SetClaimRule,
)
from services.migrant.claims.sealing import seal
from services.migrant.claims.settling import note_lateness, settle
from services.migrant.people.models import PersonHere
from services.migrant.people.queries import require_person
from services.migrant.people.rules import OFFICES
from services.migrant.types import COUNTY_DIGITS
from shared.db import Tx
from shared.homes import is_outside_mainland
from shared.ids import new_id
from shared.problems import OutsideJurisdiction, Problem
from shared.subjects import require_own

_TELL_PAPERS = "UPDATE claim_papers SET to_tell = true WHERE claim_id = $1"
_ALIKE = "SELECT * FROM claims_alike($1, $2, $3)"
_TAKES_PAPERS = (
    ClaimStatus.FILED,
    ClaimStatus.CHECKED,
    ClaimStatus.SENT,  # in place of one that did not go
    ClaimStatus.OBJECTED,
)


async def set_rule(command: SetClaimRule, tx: Tx) -> ClaimRuleView:
    """Rules are added, never changed: claims already filed keep theirs. Raises RuleExists."""
    row = ClaimRuleRow(
        code=command.code,
        since=command.since,
        rule=command.model_dump(mode="json"),
        recorded_at=tx.now,
        recorded_by=tx.actor.sub,
    )
    if not await tx.add_if_new(row):
        raise RuleExists()
    return ClaimRuleView(rule=ClaimRule(**command.model_dump()), shipped=False)


async def file_claim(command: FileClaim, tx: Tx) -> ClaimView:
    """File a claim, by the desk or by herself. Raises OutsideJurisdiction, NotFound (also for a
    person the desk has not met), NoRule, PayerUnknown, ClaimedBefore, BeingTakenBack."""
    if not tx.actor.covers(command.region):
        raise OutsideJurisdiction()
    await require_own(command.person_id, tx, *OFFICES)
    person = await require_person(command.person_id, tx)
    rule = rule_on(await all_rules(tx), command.service, command.served_on)
    if rule is None:
        raise NoRule()
    claim = _claim(command, person, rule, tx)
    await _first(claim, tx)
    await tx.add(claim)
    return await seen(claim, tx)


def _claim(command: FileClaim, person: PersonHere, rule: ClaimRule, tx: Tx) -> Claim:
    claim = Claim(
        id=new_id(),
        person_id=person.person_id,
        region=command.region,
        service=command.service,
        rule_since=rule.since,
        payer=rule.payer,
        payer_region=_payer_region(command, person, rule),
        employer_code=command.employer_code if rule.payer is Payer.EMPLOYER else None,
        served_on=command.served_on,
        provider_sealed=b"",
        provider_index=_provider_index(command.provider, tx),
        amount_fen=command.amount_fen,
        status=ClaimStatus.FILED,
        due_on=due_on(ClaimStatus.FILED, tx.today, rule),
        filed_on=tx.today,
        office_in_time=True,
        payer_in_time=True,
        recorded_at=tx.now,
        recorded_by=tx.actor.sub,
    )
    seal(claim, "provider", command.provider, tx)
    seal(claim, "account", command.account, tx)
    return claim


def _payer_region(command: FileClaim, person: PersonHere, rule: ClaimRule) -> str | None:
    """Raises PayerUnknown."""
    if rule.payer is Payer.HOME:
        home = command.payer_region or person.origin_region
        if is_outside_mainland(home):  # no county there takes part: who else pays has to be said
            raise PayerUnknown()
        return home[:COUNTY_DIGITS]
    if rule.payer is Payer.EMPLOYER:
        if command.employer_code is None:
            raise PayerUnknown()
        return None
    if command.payer_region is None:
        raise PayerUnknown()
    return command.payer_region[:COUNTY_DIGITS]


def _provider_index(provider: str, tx: Tx) -> bytes:
    """The blind index of a provider's name, reduced to what tells providers apart."""
    letters = "".join(each for each in provider.casefold() if each.isalnum())
    return tx.vault.index(letters, "claim_provider")


async def _first(claim: Claim, tx: Tx) -> None:
    """Raises ClaimedBefore, wherever in the county it was. Two filed at the same moment wait for
    one another. Of a service and day of which one was taken back none is filed with another sum or
    provider either, while the paying county may yet pay that one (BeingTakenBack), and where it
    has: she objects to that one instead."""
    await tx.execute("SELECT pg_advisory_xact_lock(13, hashtext($1))", str(claim.person_id))
    alike = await tx.fetch(_ALIKE, claim.person_id, claim.service, claim.served_on)
    if any(each["status"] == ClaimStatus.WITHDRAWN for each in alike):
        raise BeingTakenBack()
    said = (claim.provider_index, claim.amount_fen)
    if any(
        each["taken_back"] or (each["provider_index"], each["amount_fen"]) == said for each in alike
    ):
        raise ClaimedBefore()


async def attach_paper(claim_id: UUID, kind: PaperKind, content: bytes, tx: Tx) -> PaperView:
    """Attach a receipt or record while nothing is decided. One attached to a claim that was sent
    follows it. Raises NotFound, NotNow, PaperTooLarge, NotAPaper, TooManyPapers."""
    claim = await _own(claim_id, tx)
    if len(content) > MOST_BYTES:
        raise PaperTooLarge()
    media_type = media_type_of(content)
    if media_type is None:
        raise NotAPaper()
    if claim.status not in _TAKES_PAPERS:
        raise NotNow(stands=claim.status)
    count = await tx.fetch_value("SELECT count(*) FROM claim_papers WHERE claim_id = $1", claim_id)
    if count >= MOST_PAPERS:
        raise TooManyPapers()
    paper_id = new_id()
    paper = ClaimPaper(
        id=paper_id,
        claim_id=claim_id,
        kind=kind,
        media_type=media_type,
        size=len(content),
        content_sealed=tx.vault.seal_bytes(content, paper_place(paper_id)),
        added_at=tx.now,
        added_by=tx.actor.sub,
        to_tell=is_carried(claim),
    )
    await tx.add(paper)
    tx.saw(claim.person_id, "claim")
    return PaperView.model_validate(paper.model_dump(exclude={"content_sealed"}))


async def check_claim(claim_id: UUID, tx: Tx) -> ClaimView:
    """The papers are complete (材料齐全). Raises NotNow, PapersMissing."""
    claim, rule = await _at(claim_id, Step.CHECK, tx)
    rows = await tx.fetch("SELECT kind FROM claim_papers WHERE claim_id = $1", claim_id)
    missing = missing_papers(rule, (row["kind"] for row in rows))
    if missing:
        raise PapersMissing(missing=missing)
    claim.checked_on = tx.today
    return await _go(claim, ClaimStatus.CHECKED, rule, tx)


async def send_claim(claim_id: UUID, tx: Tx) -> ClaimView:
    """To the payer (送支付方): to a home county by event, its papers behind it; to others on
    paper. Raises NotNow."""
    claim, rule = await _at(claim_id, Step.SEND, tx)
    claim.sent_on = tx.today
    if is_carried(claim):
        await tx.execute(_TELL_PAPERS, claim.id)
    view = await _go(claim, ClaimStatus.SENT, rule, tx)
    await submit(claim, rule, tx)
    return view


async def correct_claim(claim_id: UUID, command: CorrectClaim, tx: Tx) -> ClaimView:
    """Put a claim right that was not paid (更正). One that its home county has, or gets, goes there
    anew and is decided anew; any other is looked at anew. Raises NotNow, RecallUnderWay,
    NothingToCorrect, ClaimedBefore, BeingTakenBack."""
    claim, rule = await _at(claim_id, Step.CORRECT, tx)
    if claim.recalled_on is not None:
        raise RecallUnderWay()
    if claim.status == ClaimStatus.ACCEPTED and (not is_carried(claim) or claim.paid_fen):
        raise NotNow(stands=claim.status)
    was = (claim.provider_index, claim.amount_fen)
    if not command.model_dump(exclude_none=True):
        raise NothingToCorrect()
    claim.amount_fen = command.amount_fen or claim.amount_fen
    if command.provider:
        seal(claim, "provider", command.provider, tx)
        claim.provider_index = _provider_index(command.provider, tx)
    if command.account:
        seal(claim, "account", command.account, tx)
    if (claim.provider_index, claim.amount_fen) != was:
        await _first(claim, tx)
    if claim.sent_on is None:
        claim.checked_on = None
        return await _enter(claim, ClaimStatus.FILED, rule, tx)
    if is_carried(claim):
        claim.decided_on = claim.granted_fen = claim.reason_sealed = None
    claim.revision += 1
    view = await _enter(claim, ClaimStatus.SENT, rule, tx)
    if not claim.by_hand:  # the county that gave it back is not sent it again
        await submit(claim, rule, tx)
    return view


async def dispute_claim(claim_id: UUID, command: DisputeClaim, tx: Tx) -> ClaimView:
    """Name the inquiry or dispute that the two counties settle it by (协查、争议编号). Raises
    NotNow, DisputedBefore."""
    claim, rule = await _at(claim_id, Step.DISPUTE, tx)
    if claim.reference is not None:
        raise DisputedBefore()
    claim.reference = command.reference
    if is_carried(claim):
        claim.revision += 1
        await tell_again(claim, rule, tx)
    await tx.save(claim)
    return await seen(claim, tx)


async def decide_claim(claim_id: UUID, command: DecideClaim, tx: Tx) -> ClaimView:
    """Enter what a payer answered on paper. Raises NotNow, ReasonNeeded, GrantTooHigh;
    AnsweredThere and RecallUnderWay where a home county may still answer and pay by itself
    (recalling.py)."""
    claim, rule = await _at(claim_id, Step.DECIDE, tx)
    _require_on_paper(claim)
    return await _decided(claim, rule, command, tx.today, tx)


def _require_on_paper(claim: Claim) -> None:
    """Raises AnsweredThere, RecallUnderWay."""
    if claim.recalled_on is not None:
        raise RecallUnderWay()
    if claim.payer == Payer.HOME and not claim.by_hand:
        raise AnsweredThere()


async def _decided(
    claim: Claim, rule: ClaimRule, command: DecideClaim, day: date, tx: Tx
) -> ClaimView:
    most_fen = most_granted(rule, claim.amount_fen)
    # A letter that grants a part may leave out why: 1 fen is the least that a grant is.
    check_decision(command.granted, command.granted_fen, command.reason, most_fen, 1, None)
    note_lateness(claim, Step.DECIDE, day)
    claim.decided_on = day
    claim.granted_fen = command.granted_fen
    seal(claim, "reason", command.reason, tx)
    status = ClaimStatus.ACCEPTED if command.granted else ClaimStatus.REFUSED
    if status is ClaimStatus.REFUSED:
        settle(claim, paid=False, tx=tx)
    return await _enter(claim, status, rule, tx)


async def pay_claims(command: PayClaims, tx: Tx) -> PaymentsView:
    """Enter a list of payments; a line that does not fit is told and the others go on."""
    items = []
    for claim_id in command.claim_ids:
        try:
            async with tx.attempt():
                await _pay(claim_id, command, tx)
            items.append(PaymentView(claim_id=claim_id, problem=None))
        except Problem as problem:
            items.append(PaymentView(claim_id=claim_id, problem=problem.type))
    return PaymentsView(items=items)


async def _pay(claim_id: UUID, command: PayClaims, tx: Tx) -> None:
    claim, rule = await _at(claim_id, Step.PAY, tx)
    _require_on_paper(claim)
    note_lateness(claim, Step.PAY, command.paid_on)
    claim.list_reference, claim.paid_on = command.list_reference, command.paid_on
    claim.paid_fen = claim.granted_fen
    settle(claim, paid=True, tx=tx)
    await _enter(claim, ClaimStatus.PAID, rule, tx)


async def confirm_claim(claim_id: UUID, tx: Tx) -> ClaimView:
    """She has the money (确认收到). Raises NotFound, NotNow."""
    await _own(claim_id, tx)
    claim, rule = await _at(claim_id, Step.CONFIRM, tx)
    claim.confirmed_on = tx.today
    tell_step(claim, TellStep.CONFIRMED, tx.today, tx)
    return await _enter(claim, ClaimStatus.CONFIRMED, rule, tx)


async def object_to_claim(claim_id: UUID, command: ObjectToClaim, tx: Tx) -> ClaimView:
    """She says that the decision or the payment is wrong, once; the payer answers again. Raises
    NotFound, NotNow."""
    await _own(claim_id, tx)
    claim, rule = await _at(claim_id, Step.OBJECT, tx)
    if claim.objected_on is not None:
        raise NotNow(stands=claim.status)
    claim.objected_on = tx.today
    seal(claim, "objection", command.reason, tx)
    claim.due_on = due_on(ClaimStatus.OBJECTED, tx.today, rule)
    tell_step(claim, TellStep.OBJECTED, tx.today, tx)
    return await _enter(claim, ClaimStatus.OBJECTED, rule, tx)


async def withdraw_claim(claim_id: UUID, tx: Tx) -> ClaimView:
    """She takes it back. The same may be claimed again: at once where nobody else has it, else
    once the paying county has given it back (recalling.py). Raises NotFound, NotNow."""
    await _own(claim_id, tx)
    claim, rule = await _at(claim_id, Step.WITHDRAW, tx)
    claim.withdrawn_on = tx.today
    tell_step(claim, TellStep.WITHDRAWN, tx.today, tx)
    claim.recalled_on = None
    if claim.sent_on is not None:
        await release_papers(claim.id, tx)
    return await _enter(claim, ClaimStatus.WITHDRAWN, rule, tx)


async def _own(claim_id: UUID, tx: Tx) -> Claim:
    claim = await tx.require(Claim, claim_id, lock=True)
    await require_own(claim.person_id, tx, *OFFICES)
    return claim


async def _at(claim_id: UUID, step: Step, tx: Tx) -> tuple[Claim, ClaimRule]:
    """The claim, locked, where this step may be taken. Raises NotFound, NotNow."""
    claim = await tx.require(Claim, claim_id, lock=True)
    if not may(step, ClaimStatus(claim.status)):
        raise NotNow(stands=claim.status)
    return claim, await rule_of(claim, tx)


async def _go(claim: Claim, status: ClaimStatus, rule: ClaimRule, tx: Tx) -> ClaimView:
    """Enter a state that this office's step leads to."""
    note_lateness(claim, None, tx.today)
    return await _enter(claim, status, rule, tx)


async def _enter(claim: Claim, status: ClaimStatus, rule: ClaimRule, tx: Tx) -> ClaimView:
    claim.status = status
    claim.due_on = due_on(status, tx.today, rule)
    await tx.save(claim)
    return await seen(claim, tx)
