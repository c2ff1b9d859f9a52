"""Reading rules, claims and papers. Each claim shown leaves a usage entry."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from services.migrant.claims.errors import PaperUnreadable
from services.migrant.claims.models import Claim, ClaimPaper, ClaimRuleRow
from services.migrant.claims.rules import SHIPPED, ClaimRule, ClaimStatus, rule_on
from services.migrant.claims.schemas import ClaimRuleView, ClaimView, PaperView
from services.migrant.claims.sealing import opened
from services.migrant.people.queries import current_id
from services.migrant.people.rules import OFFICES, is_office
from shared.actors import narrow
from shared.crypto import SealBroken, mask
from shared.db import Tx
from shared.pages import Page, encode_cursor, id_in
from shared.problems import NotFound
from shared.subjects import require_own

_LIST = """
SELECT * FROM claims
WHERE region LIKE $1 || '%' AND ($2::uuid IS NULL OR id < $2) AND ($3::text IS NULL OR status = $3)
  AND (NOT $4 OR due_on < $5) AND ($6::uuid IS NULL OR person_id = $6)
  AND (NOT $7 OR (status IN ('sent', 'objected') AND EXISTS (
    SELECT FROM claim_papers AS paper
    WHERE paper.claim_id = claims.id AND paper.refused AND NOT EXISTS (
      SELECT FROM claim_papers AS newer WHERE newer.claim_id = claims.id
      AND newer.kind = paper.kind AND newer.id > paper.id AND NOT newer.refused))))
ORDER BY id DESC LIMIT $8
"""
_PAPERS = """
SELECT id, claim_id, kind, media_type, size, added_at, told_at, refused FROM claim_papers
WHERE claim_id = ANY($1::uuid[]) ORDER BY id
"""


async def all_rules(tx: Tx) -> Sequence[ClaimRule]:
    """The county's own and the shipped ones; of the same code and day the county's stands."""
    own = await tx.find(ClaimRuleRow, "SELECT * FROM claim_rules ORDER BY code, since")
    rules = {(each.code, each.since): each for each in SHIPPED}
    rules |= {(each.code, each.since): ClaimRule.model_validate(each.rule) for each in own}
    return [rules[key] for key in sorted(rules)]


async def list_rules(tx: Tx) -> Sequence[ClaimRuleView]:
    return [ClaimRuleView(rule=each, shipped=each in SHIPPED) for each in await all_rules(tx)]


async def rule_of(claim: Claim, tx: Tx) -> ClaimRule:
    """The rule a claim was filed under."""
    rule = rule_on(await all_rules(tx), claim.service, claim.rule_since)
    if rule is None:
        raise NotFound()
    return rule


async def get_claim(claim_id: UUID, tx: Tx) -> ClaimView:
    claim = await tx.require(Claim, claim_id)
    await require_own(claim.person_id, tx, *OFFICES)
    return await seen(claim, tx)


async def list_claims(
    region: str | None,
    status: ClaimStatus | None,
    overdue: bool,
    paper_refused: bool,
    person_id: UUID | None,
    limit: int,
    cursor: str | None,
    tx: Tx,
) -> Page[ClaimView]:
    """Newest first. She reads her own by naming herself; an office reads those of its area.
    Raises NotFound, OutsideJurisdiction."""
    if person_id is not None or not is_office(tx.actor):
        await require_own(person_id, tx, *OFFICES)
    found = await tx.find(
        Claim,
        _LIST,
        narrow(tx.actor, region),
        id_in(cursor),
        status,
        overdue,
        tx.today,
        None if person_id is None else await current_id(person_id, tx),
        paper_refused,
        limit + 1,
    )
    page = found[:limit]
    return Page(
        items=await views_of(page, tx),
        next=encode_cursor(str(page[-1].id)) if len(found) > limit else None,
    )


async def get_paper(paper_id: UUID, tx: Tx) -> tuple[bytes, str]:
    """A paper's content and media type. Raises NotFound, PaperUnreadable."""
    paper = await tx.require(ClaimPaper, paper_id)
    claim = await tx.require(Claim, paper.claim_id)
    await require_own(claim.person_id, tx, *OFFICES)
    tx.saw(claim.person_id, "claim")
    try:
        content = tx.vault.open_bytes(paper.content_sealed, paper_place(paper.id))
    except SealBroken as error:
        raise PaperUnreadable() from error
    return content, paper.media_type


async def seen(claim: Claim, tx: Tx) -> ClaimView:
    """The view of a claim, with the usage entry it leaves."""
    (view,) = await views_of([claim], tx)
    return view


async def views_of(claims: Iterable[Claim], tx: Tx) -> list[ClaimView]:
    """Views with their papers and usage entries."""
    shown = list(claims)
    papers: dict[UUID, list[PaperView]] = {each.id: [] for each in shown}
    for row in await tx.fetch(_PAPERS, list(papers)):
        papers[row["claim_id"]].append(PaperView(**row))
    for claim in shown:
        tx.saw(claim.person_id, "claim")
    return [_view(each, papers[each.id], tx) for each in shown]


def _view(claim: Claim, papers: Sequence[PaperView], tx: Tx) -> ClaimView:
    account = opened(claim, "account", tx)
    kept = ClaimView.model_fields.keys() & Claim.model_fields.keys()
    return ClaimView(
        provider=opened(claim, "provider", tx) or "",
        account=mask(account, 4, 4) if account else None,
        reason=opened(claim, "reason", tx),
        objection=opened(claim, "objection", tx),
        overdue=claim.due_on is not None and claim.due_on < tx.today,
        papers=papers,
        **claim.model_dump(include=set(kept)),
    )


def paper_place(paper_id: UUID) -> str:
    return f"claim_papers.content:{paper_id}"
