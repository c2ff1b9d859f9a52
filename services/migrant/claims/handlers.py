"""Filing claims, attaching papers, and taking them step by step to the payment."""

from datetime import date
from uuid import UUID

from services.migrant.claims.errors import (
    ClaimedBefore,
    GrantTooHigh,
    NoRule,
    NotAPaper,
    NotNow,
    PapersMissing,
    PaperTooLarge,
    PayerUnknown,
    ReasonNeeded,
    RuleExists,
    TooManyPapers,
)
from services.migrant.claims.models import Claim, ClaimPaper
from services.migrant.claims.queries import all_rules, opened, paper_place, place, rule_of, seen
from services.migrant.claims.rules import (
    MOST_BYTES,
    MOST_PAPERS,
    PAYERS_STEPS,
    ClaimRule,
    ClaimStatus,
    PaperKind,
    Payer,
    Step,
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
    DecideClaim,
    FileClaim,
    ObjectToClaim,
    PaperView,
    PayClaims,
    PaymentsView,
    PaymentView,
    SetClaimRule,
)
from services.migrant.people.models import PersonHere
from services.migrant.people.queries import require_person
from services.migrant.people.rules import OFFICES
from services.migrant.types import COUNTY_DIGITS
from shared.db import Tx
from shared.events.exchange import ClaimDecided
from shared.events.migrant import ClaimSettled, ClaimSubmitted
from shared.ids import new_id
from shared.problems import OutsideJurisdiction, Problem
from shared.subjects import require_own

_SAME_CLAIMS = "SELECT claim_exists($1, $2, $3, $4, $5)"


async def set_rule(command: SetClaimRule, tx: Tx) -> ClaimRuleView:
    """Rules are added, never changed: claims already filed keep theirs. Raises RuleExists."""
    added = await tx.execute(
        "INSERT INTO claim_rules (code, since, rule, recorded_at, recorded_by)"
        " VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
        command.code,
        command.since,
        command.model_dump(mode="json"),
        tx.now,
        tx.actor.sub,
    )
    if added != "INSERT 0 1":
        raise RuleExists()
    return ClaimRuleView(rule=ClaimRule(**command.model_dump()), shipped=False)


async def file_claim(command: FileClaim, tx: Tx) -> ClaimView:
    """File a claim, by the desk or by herself. Raises OutsideJurisdiction, NotFound (also for a
    person the desk has not met), NoRule, PayerUnknown, ClaimedBefore."""
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
    claim_id = new_id()
    account = command.account
    return Claim(
        id=claim_id,
        person_id=person.person_id,
        region=command.region,
        service=command.service,
        rule_since=rule.since,
        payer=rule.payer,
        payer_region=_payer_region(command, person, rule),
        employer_code=command.employer_code if rule.payer is Payer.EMPLOYER else None,
        served_on=command.served_on,
        provider_sealed=tx.vault.seal(command.provider, place(claim_id, "provider")),
        provider_index=tx.vault.index(_letters(command.provider), "claim_provider"),
        amount_fen=command.amount_fen,
        account_sealed=tx.vault.seal(account, place(claim_id, "account")) if account else None,
        status=ClaimStatus.FILED,
        due_on=due_on(ClaimStatus.FILED, tx.today, rule),
        filed_on=tx.today,
        office_in_time=True,
        payer_in_time=True,
        recorded_at=tx.now,
        recorded_by=tx.actor.sub,
    )


def _payer_region(command: FileClaim, person: PersonHere, rule: ClaimRule) -> str | None:
    """Raises PayerUnknown."""
    if rule.payer is Payer.HOME:
        return (command.payer_region or person.origin_region)[:COUNTY_DIGITS]
    if rule.payer is Payer.EMPLOYER:
        if command.employer_code is None:
            raise PayerUnknown()
        return None
    if command.payer_region is None:
        raise PayerUnknown()
    return command.payer_region[:COUNTY_DIGITS]


def _letters(provider: str) -> str:
    """A provider's name reduced to what tells providers apart."""
    return "".join(each for each in provider.casefold() if each.isalnum())


async def _first(claim: Claim, tx: Tx) -> None:
    """Raises ClaimedBefore, wherever in the county it was. Two filed at the same moment wait for
    one another."""
    await tx.execute("SELECT pg_advisory_xact_lock(13, hashtext($1))", str(claim.person_id))
    if await tx.fetch_value(
        _SAME_CLAIMS,
        claim.person_id,
        claim.service,
        claim.served_on,
        claim.provider_index,
        claim.amount_fen,
    ):
        raise ClaimedBefore()


async def attach_paper(claim_id: UUID, kind: PaperKind, content: bytes, tx: Tx) -> PaperView:
    """Attach a receipt or record while the claim is open. Raises NotFound, NotNow, PaperTooLarge,
    NotAPaper, TooManyPapers."""
    claim = await _own(claim_id, tx)
    if len(content) > MOST_BYTES:
        raise PaperTooLarge()
    media_type = media_type_of(content)
    if media_type is None:
        raise NotAPaper()
    if claim.status not in (ClaimStatus.FILED, ClaimStatus.CHECKED, ClaimStatus.OBJECTED):
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
    """To the payer (送支付方). To a home county it leaves as an event, with what that county needs
    to know its own by; other payers are reached on paper. Raises NotNow."""
    claim, rule = await _at(claim_id, Step.SEND, tx)
    claim.sent_on = tx.today
    await _submit(claim, tx)
    return await _go(claim, ClaimStatus.SENT, rule, tx)


async def _submit(claim: Claim, tx: Tx) -> None:
    home = claim.payer == Payer.HOME
    person = await require_person(claim.person_id, tx) if home else None
    number = (
        tx.vault.open(person.id_number_sealed, f"people.id_number:{person.person_id}")
        if person
        else None
    )
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
            id_number=number,
            provider=opened(claim, "provider", tx) if home else None,
            account=opened(claim, "account", tx) if home else None,
        )
    )


async def decide_claim(claim_id: UUID, command: DecideClaim, tx: Tx) -> ClaimView:
    """Enter the payer's answer by hand. Raises NotNow, ReasonNeeded, GrantTooHigh."""
    claim, rule = await _at(claim_id, Step.DECIDE, tx)
    return await _decided(claim, rule, command, tx.today, tx)


async def hear_decision(event: ClaimDecided, tx: Tx) -> None:
    """The home county answered through the exchange. What is not, or no longer, that county's to
    decide is left as it is."""
    claim = await tx.get(Claim, event.claim_id, lock=True)
    if claim is None or claim.payer != Payer.HOME or claim.payer_region != event.from_region:
        return
    if not may(Step.DECIDE, ClaimStatus(claim.status)):
        return
    command = DecideClaim(granted=event.granted, granted_fen=event.granted_fen, reason=event.reason)
    await _decided(claim, await rule_of(claim, tx), command, event.decided_on, tx)


async def _decided(
    claim: Claim, rule: ClaimRule, command: DecideClaim, day: date, tx: Tx
) -> ClaimView:
    if command.granted is (command.granted_fen is None) or not (command.granted or command.reason):
        raise ReasonNeeded()
    if command.granted_fen and command.granted_fen > most_granted(rule, claim.amount_fen):
        raise GrantTooHigh(most_fen=most_granted(rule, claim.amount_fen))
    _note_lateness(claim, Step.DECIDE, day)
    claim.decided_on = day
    claim.granted_fen = command.granted_fen
    claim.reason_sealed = (
        tx.vault.seal(command.reason, place(claim.id, "reason")) if command.reason else None
    )
    status = ClaimStatus.ACCEPTED if command.granted else ClaimStatus.REFUSED
    if status is ClaimStatus.REFUSED:
        _settle(claim, paid=False, tx=tx)
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
    _note_lateness(claim, Step.PAY, command.paid_on)
    claim.list_reference, claim.paid_on = command.list_reference, command.paid_on
    _settle(claim, paid=True, tx=tx)
    await _enter(claim, ClaimStatus.PAID, rule, tx)


async def confirm_claim(claim_id: UUID, tx: Tx) -> ClaimView:
    """She has the money (确认收到). Raises NotFound, NotNow."""
    await _own(claim_id, tx)
    claim, rule = await _at(claim_id, Step.CONFIRM, tx)
    claim.confirmed_on = tx.today
    return await _go(claim, ClaimStatus.CONFIRMED, rule, tx)


async def object_to_claim(claim_id: UUID, command: ObjectToClaim, tx: Tx) -> ClaimView:
    """She says that the decision or the payment is wrong, once; the payer answers again. Raises
    NotFound, NotNow."""
    await _own(claim_id, tx)
    claim, rule = await _at(claim_id, Step.OBJECT, tx)
    if claim.objected_on is not None:
        raise NotNow(stands=claim.status)
    claim.objected_on = tx.today
    claim.objection_sealed = tx.vault.seal(command.reason, place(claim.id, "objection"))
    return await _go(claim, ClaimStatus.OBJECTED, rule, tx)


async def withdraw_claim(claim_id: UUID, tx: Tx) -> ClaimView:
    """She takes it back; the same may be claimed again. Raises NotFound, NotNow."""
    await _own(claim_id, tx)
    claim, rule = await _at(claim_id, Step.WITHDRAW, tx)
    claim.withdrawn_on = tx.today
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


def _note_lateness(claim: Claim, step: Step | None, day: date) -> None:
    """Whose step was late: the payer's or the office's. Never anything of hers."""
    late = claim.due_on is not None and day > claim.due_on
    if late and step in PAYERS_STEPS:
        claim.payer_in_time = False
    elif late:
        claim.office_in_time = False


async def _go(claim: Claim, status: ClaimStatus, rule: ClaimRule, tx: Tx) -> ClaimView:
    """Enter a state that this office's step, or hers, leads to."""
    if status in (ClaimStatus.CHECKED, ClaimStatus.SENT):
        _note_lateness(claim, None, tx.today)
    return await _enter(claim, status, rule, tx)


async def _enter(claim: Claim, status: ClaimStatus, rule: ClaimRule, tx: Tx) -> ClaimView:
    claim.status = status
    claim.due_on = due_on(status, tx.today, rule)
    await tx.save(claim)
    return await seen(claim, tx)


def _settle(claim: Claim, *, paid: bool, tx: Tx) -> None:
    tx.emit(
        ClaimSettled(
            claim_id=claim.id,
            region=claim.region,
            payer=claim.payer,
            payer_region=claim.payer_region,
            service=claim.service,
            paid=paid,
            in_time=claim.payer_in_time,
            office_in_time=claim.office_in_time,
        )
    )
