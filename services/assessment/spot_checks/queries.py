"""Reading spot checks."""

from collections import defaultdict
from uuid import UUID

from services.assessment.facts.kinds import Kind
from services.assessment.spot_checks.errors import SpotCheckNotFound
from services.assessment.spot_checks.models import (
    CheckState,
    SpotCheck,
    SpotCheckCase,
    SpotCheckEntry,
)
from services.assessment.spot_checks.rules import Outcome, disputed, settled, tally
from services.assessment.spot_checks.schemas import (
    CaseView,
    EntryView,
    ListView,
    ResultView,
    SpotCheckSummary,
    SpotCheckView,
)
from services.assessment.statistics import exact_interval
from shared.db import Tx
from shared.pages import Page, encode_cursor, id_in

_PAGE = """
SELECT * FROM spot_checks WHERE ($1::text IS NULL OR starts_with(area, $1))
  AND ($2::text IS NULL OR state = $2) AND ($3::uuid IS NULL OR id < $3)
ORDER BY id DESC LIMIT $4
"""
_SAMPLES = """
SELECT check_id, count(*)::int AS n FROM spot_check_cases WHERE check_id = ANY ($1::uuid[])
GROUP BY check_id
"""
_REPORTED = """
SELECT coalesce(sum(n), 0)::int FROM tallies
WHERE span = 'day' AND kind = $1 AND starts_with(area, $2) AND office = $3
  AND day BETWEEN $4 AND $5
"""


async def require_check(check_id: UUID, tx: Tx, *, lock: bool = False) -> SpotCheck:
    """Raises SpotCheckNotFound, also for one outside the caller's jurisdiction."""
    check = await tx.get(SpotCheck, check_id, lock=lock)
    if check is None:
        raise SpotCheckNotFound()
    return check


async def list_checks(
    area: str | None, state: CheckState | None, limit: int, cursor: str | None, tx: Tx
) -> Page[SpotCheckSummary]:
    """Newest first; `area` takes in all inside it."""
    found = await tx.find(SpotCheck, _PAGE, area, state, id_in(cursor), limit + 1)
    more, found = len(found) > limit, found[:limit]
    rows = await tx.fetch(_SAMPLES, [each.id for each in found])
    samples = {row["check_id"]: row["n"] for row in rows}
    return Page(
        items=[_summary(each, samples.get(each.id)) for each in found],
        next=encode_cursor(str(found[-1].id)) if more else None,
    )


async def get_check(check_id: UUID, tx: Tx) -> SpotCheckView:
    """Raises SpotCheckNotFound."""
    check = await require_check(check_id, tx)
    cases = await cases_of(check_id, tx)
    summary = _summary(check, len(cases) or None)
    result = result_of(cases, check.confidence) if cases else None
    return SpotCheckView(**summary.model_dump(), result=result, cases=cases)


async def get_list(check_id: UUID, tx: Tx) -> ListView:
    """Raises SpotCheckNotFound, also while no list was handed in."""
    check = await require_check(check_id, tx)
    if check.list_hash is None:
        raise SpotCheckNotFound()
    return ListView(list_hash=check.list_hash, references=check.references)


async def cases_of(check_id: UUID, tx: Tx) -> list[CaseView]:
    """The sample in its order, with what was found."""
    entries: dict[str, list[SpotCheckEntry]] = defaultdict(list)
    for entry in await tx.find(
        SpotCheckEntry,
        "SELECT * FROM spot_check_entries WHERE check_id = $1 ORDER BY entered_at, entered_by",
        check_id,
    ):
        entries[entry.reference].append(entry)
    cases = await tx.find(
        SpotCheckCase, "SELECT * FROM spot_check_cases WHERE check_id = $1 ORDER BY place", check_id
    )
    return [_case(each, entries[each.reference]) for each in cases]


def result_of(cases: list[CaseView], confidence: float) -> ResultView:
    counts, in_dispute, waiting = tally(
        {each.reference: [entry.outcome for entry in each.entries] for each in cases}
    )
    known, agree = counts.total(), counts[Outcome.AGREES]
    low, high = exact_interval(agree, known, confidence) if known else (None, None)
    return ResultView(
        agree=agree,
        differ=counts[Outcome.DIFFERS],
        not_found=counts[Outcome.NOT_FOUND],
        disputed=in_dispute,
        waiting=waiting,
        share=agree / known if known else None,
        low=low,
        high=high,
    )


async def count_reported(check: SpotCheck, tx: Tx) -> int:
    """How many cases of the kind our figures count for the office."""
    return int(
        await tx.fetch_value(
            _REPORTED, check.kind, check.area, check.office, check.starts_on, check.ends_on
        )
    )


def _summary(check: SpotCheck, sample: int | None) -> SpotCheckSummary:
    fields = check.model_dump(include=set(SpotCheckSummary.model_fields) - {"kind", "state"})
    return SpotCheckSummary(
        **fields,
        kind=Kind(check.kind),
        state=CheckState(check.state),
        listed=len(check.references) if check.list_hash else None,
        sample=sample,
    )


def _case(case: SpotCheckCase, entries: list[SpotCheckEntry]) -> CaseView:
    found = [Outcome(each.outcome) for each in entries]
    return CaseView(
        reference=case.reference,
        place=case.place,
        outcome=settled(found),
        disputed=disputed(found),
        entries=[
            EntryView(
                outcome=Outcome(each.outcome),
                reason=each.reason,
                at=each.entered_at,
                by=each.entered_by,
            )
            for each in entries
        ],
    )
