"""Reading claims of other counties, lists of payments, and what stands between two counties. Each
claim shown leaves a usage entry: hers once the register knows her, the claim's until then."""

from collections.abc import Iterable, Sequence
from datetime import date
from uuid import UUID

from services.migrant.claims.queries import all_rules
from services.migrant.claims.received_models import (
    ClaimPaymentLine,
    ClaimPaymentList,
    ReceivedClaim,
)
from services.migrant.claims.received_rules import Outcome
from services.migrant.claims.received_schemas import (
    ClaimBalance,
    ClaimBalances,
    ClaimListView,
    ClaimPayLine,
    Inbox,
    ReceivedClaimView,
    ReceivedPaperView,
)
from services.migrant.claims.rules import ClaimRule, most_granted, rule_on
from services.migrant.claims.sealing import opened
from services.migrant.people.queries import current_id
from services.migrant.people.rules import OFFICES, is_office, shown_id_number
from shared.actors import narrow
from shared.crypto import mask
from shared.db import Tx
from shared.pages import Page, encode_cursor, id_in
from shared.subjects import require_own
from shared.usage import Purpose

_LIST = """
SELECT * FROM received_claims
WHERE starts_with(region, $1) AND ($2::uuid IS NULL OR id < $2)
  AND ($3::text IS NULL OR status = $3) AND (NOT $4 OR due_on < $5)
  AND ($6::uuid IS NULL OR person_id = $6) AND ($7::text IS NULL OR office = $7)
  AND ($8::text IS NULL OR service = $8)
  AND ($9::text IS NULL OR starts_with(from_region, $9))
  AND (NOT $10 OR handed_back_on IS NOT NULL)
ORDER BY id DESC LIMIT $11
"""
_PAPERS = """
SELECT paper.* FROM received_claim_papers AS paper
JOIN received_claims AS claim ON claim.id = claim_id AND claim.from_region = paper.from_region
WHERE claim_id = ANY($1::uuid[]) ORDER BY paper.id
"""
_LISTS = """
SELECT list.*, count(line.id) AS lines, coalesce(sum(line.amount_fen), 0)::bigint AS total_fen,
       coalesce(sum(line.amount_fen) FILTER (WHERE outcome = 'paid'), 0)::bigint AS paid_fen,
       count(line.id) FILTER (WHERE outcome = 'returned') AS returned
FROM claim_payment_lists AS list
LEFT JOIN claim_payment_lines AS line ON line.list_id = list.id AND NOT line.taken_off
WHERE ($1::uuid IS NULL OR list.id = $1) AND ($2::uuid IS NULL OR list.id < $2)
GROUP BY list.id ORDER BY list.id DESC LIMIT $3
"""
_LINES = "SELECT * FROM claim_payment_lines WHERE list_id = $1 AND NOT taken_off ORDER BY id"
_CLAIMS_OF = """
SELECT * FROM received_claims
WHERE id IN (SELECT claim_id FROM claim_payment_lines WHERE list_id = $1 AND NOT taken_off)
"""
# What the two sides hold alike: dates and sums that travelled. A claim taken back owes nothing.
_BALANCES = """
WITH ours AS (
  SELECT left(from_region, 6) AS county, 'payable' AS side, status, amount_fen, granted_fen,
         paid_fen, submitted_on AS day
  FROM received_claims
  UNION ALL
  SELECT left(payer_region, 6), 'receivable',
         CASE WHEN status = 'sent' THEN 'received' ELSE status END,
         amount_fen, granted_fen, paid_fen, sent_on
  FROM claims WHERE payer = 'home' AND sent_on IS NOT NULL
), counted AS (
  SELECT *, CASE WHEN status IN ('accepted', 'paid', 'confirmed') THEN granted_fen
                 ELSE coalesce(paid_fen, 0) END AS stands
  FROM ours WHERE status <> 'withdrawn' AND day >= $1 AND day < ($1::date + interval '1 month')
)
SELECT county, side, sum(amount_fen)::bigint AS claimed_fen,
       coalesce(sum(amount_fen) FILTER (WHERE status = 'received'), 0)::bigint AS undecided_fen,
       coalesce(sum(amount_fen) FILTER (WHERE status = 'refused'), 0)::bigint AS refused_fen,
       coalesce(sum(amount_fen) FILTER (WHERE status = 'objected'), 0)::bigint AS objected_fen,
       sum(stands)::bigint AS granted_fen,
       sum(coalesce(paid_fen, 0))::bigint AS paid_fen,
       sum(stands - coalesce(paid_fen, 0))::bigint AS owed_fen
FROM counted GROUP BY county, side ORDER BY county, side
"""


async def get_received(claim_id: UUID, tx: Tx) -> ReceivedClaimView:
    claim = await tx.require(ReceivedClaim, claim_id)
    await require_own(claim.person_id, tx, *OFFICES)
    return await seen(claim, tx)


async def list_received(
    inbox: Inbox, limit: int, cursor: str | None, tx: Tx
) -> Page[ReceivedClaimView]:
    """Newest first. She reads her own by naming herself. Raises NotFound, OutsideJurisdiction."""
    if inbox.person_id is not None or not is_office(tx.actor):
        await require_own(inbox.person_id, tx, *OFFICES)
    found = await tx.find(
        ReceivedClaim,
        _LIST,
        narrow(tx.actor, inbox.region),
        id_in(cursor),
        inbox.status,
        inbox.overdue,
        tx.today,
        None if inbox.person_id is None else await current_id(inbox.person_id, tx),
        inbox.office,
        inbox.service,
        inbox.from_region,
        inbox.handed_back,
        limit + 1,
    )
    page = found[:limit]
    return Page(
        items=await received_views(page, tx),
        next=encode_cursor(str(page[-1].id)) if len(found) > limit else None,
    )


async def seen(claim: ReceivedClaim, tx: Tx) -> ReceivedClaimView:
    """The view of a claim, with the usage entry it leaves."""
    (view,) = await received_views([claim], tx)
    return view


async def received_views(claims: Iterable[ReceivedClaim], tx: Tx) -> list[ReceivedClaimView]:
    """Views with their papers and usage entries."""
    rules, shown = await all_rules(tx), list(claims)
    papers: dict[UUID, list[ReceivedPaperView]] = {each.id: [] for each in shown}
    for row in await tx.fetch(_PAPERS, list(papers)):
        papers[row["claim_id"]].append(ReceivedPaperView(**row))
    for claim in shown:
        tx.saw(subject_of(claim), "claim")
    return [_view(each, papers[each.id], rules, tx) for each in shown]


def subject_of(claim: ReceivedClaim) -> UUID:
    """Whose look a look at the claim is."""
    return claim.person_id or claim.id


def _view(
    claim: ReceivedClaim,
    papers: Sequence[ReceivedPaperView],
    rules: Sequence[ClaimRule],
    tx: Tx,
) -> ReceivedClaimView:
    account, number = opened(claim, "account", tx), opened(claim, "id_number", tx)
    kept = ReceivedClaimView.model_fields.keys() & ReceivedClaim.model_fields.keys()
    granted = claim.granted_fen
    return ReceivedClaimView(
        name=opened(claim, "name", tx),
        id_number=shown_id_number(number, tx.purpose or Purpose.SERVICE) if number else None,
        provider=opened(claim, "provider", tx),
        account=mask(account, 4, 4) if account else None,
        most_fen=most_fen(claim, rules),
        overdue=claim.due_on is not None and claim.due_on < tx.today,
        partly=granted is not None and granted < claim.amount_fen,
        reason=opened(claim, "reason", tx),
        objection=opened(claim, "objection", tx),
        hand_back=opened(claim, "hand_back", tx),
        papers=papers,
        **claim.model_dump(include=set(kept)),
    )


def most_fen(claim: ReceivedClaim, rules: Sequence[ClaimRule]) -> int:
    """What can be granted: what is asked, or what our own rule of that service allows."""
    rule = rule_on(rules, claim.service, claim.served_on)
    return claim.amount_fen if rule is None else most_granted(rule, claim.amount_fen)


async def get_list(list_id: UUID, tx: Tx) -> ClaimListView:
    await tx.require(ClaimPaymentList, list_id)
    (row,) = await tx.fetch(_LISTS, list_id, None, 1)
    return ClaimListView(**row)


async def list_lists(limit: int, cursor: str | None, tx: Tx) -> Page[ClaimListView]:
    """Newest first."""
    found = [ClaimListView(**row) for row in await tx.fetch(_LISTS, None, id_in(cursor), limit + 1)]
    page = found[:limit]
    return Page(items=page, next=encode_cursor(str(page[-1].id)) if len(found) > limit else None)


async def list_lines(list_id: UUID, tx: Tx) -> Sequence[ClaimPayLine]:
    """Everybody a list pays: each a look. Raises NotFound."""
    await tx.require(ClaimPaymentList, list_id)
    claims = {each.id: each for each in await tx.find(ReceivedClaim, _CLAIMS_OF, list_id)}
    for claim in claims.values():
        tx.saw(subject_of(claim), "claim")
    return [
        _pay_line(line, claims[line.claim_id], tx)
        for line in await tx.find(ClaimPaymentLine, _LINES, list_id)
        if line.claim_id in claims  # one of a list given up may be erased
    ]


def _pay_line(line: ClaimPaymentLine, claim: ReceivedClaim, tx: Tx) -> ClaimPayLine:
    return ClaimPayLine(
        claim_id=claim.id,
        reference=reference_of(line),
        from_region=claim.from_region,
        name=opened(claim, "name", tx),
        account=opened(claim, "account", tx),
        amount_fen=line.amount_fen,
        outcome=Outcome(line.outcome) if line.outcome else None,
        settled_on=line.settled_on,
        return_reason=_return_reason(line, tx),
    )


def reference_of(line: ClaimPaymentLine) -> str:
    """How a payment is named to the bank: 32 letters and digits, which every bank takes."""
    return line.id.hex


def _return_reason(line: ClaimPaymentLine, tx: Tx) -> str | None:
    sealed = line.return_reason_sealed
    return None if sealed is None else tx.vault.open(sealed, return_place(line.id))


def return_place(line_id: UUID) -> str:
    return f"claim_payment_lines.return_reason:{line_id}"


async def get_balances(month: str | None, tx: Tx) -> ClaimBalances:
    """Of the claims submitted in a month (YYYY-MM; None: this one), as far as the caller's area
    reaches."""
    month = month or f"{tx.today:%Y-%m}"
    rows = await tx.fetch(_BALANCES, date.fromisoformat(f"{month}-01"))
    return ClaimBalances(month=month, items=[ClaimBalance(**row) for row in rows])
