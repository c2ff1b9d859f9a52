"""Asking for a search, deciding pairs, putting thresholds in force."""

from uuid import UUID

from services.registry.duplicates.model import VERSION
from services.registry.duplicates.models import (
    Decision,
    Duplicate,
    DuplicateDecision,
    DuplicateSearch,
    DuplicateThreshold,
    SearchStatus,
)
from services.registry.duplicates.pairs import thresholds_in_force
from services.registry.duplicates.queries import (
    decided_pairs,
    get_search,
    get_thresholds,
    reason_place,
    views_of,
)
from services.registry.duplicates.schemas import (
    DecideDuplicate,
    DuplicateView,
    PutThresholds,
    SearchDuplicates,
    SearchView,
    ThresholdsView,
    UnmergeDuplicate,
)
from services.registry.errors import CannotMerge, NotMerged, RecordClosed, SearchClosed
from services.registry.persons.merging import merge_persons, unmerge_persons
from shared.actors import narrow
from shared.db import Tx
from shared.ids import new_id
from shared.usage import Purpose

_OPEN = (Decision.OPEN, Decision.UNDECIDED)


async def search_duplicates(command: SearchDuplicates, language: str, tx: Tx) -> SearchView:
    """Ask for a search. One that waits for the same region already is returned instead. Raises
    OutsideJurisdiction."""
    region = narrow(tx.actor, command.region)
    waiting = await tx.fetch_value(
        "SELECT id FROM duplicate_searches WHERE region = $1 AND status = 'waiting'", region
    )
    if waiting is not None:
        return await get_search(waiting, language, tx)
    in_force = await thresholds_in_force(region, tx)
    search = DuplicateSearch(
        id=new_id(),
        region=region,
        model=VERSION,
        least_weight=in_force.thresholds.review,
        actor_sub=tx.actor.sub,
        actor_name=tx.actor.name,
        actor_org=tx.actor.org,
        purpose=tx.purpose or Purpose.DATA_QUALITY,
        case_reference=tx.case_reference,
        created_at=tx.now,
    )
    await tx.add(search)
    return await get_search(search.id, language, tx)


async def cancel_search(search_id: UUID, language: str, tx: Tx) -> SearchView:
    """Call a search off; nothing of it was written. Raises NotFound, SearchClosed."""
    search = await tx.require(DuplicateSearch, search_id, lock=True)
    if search.status not in (SearchStatus.WAITING, SearchStatus.RUNNING):
        raise SearchClosed()
    search.status, search.stage, search.finished_at = SearchStatus.CANCELLED, None, tx.now
    await tx.save(search)
    return await get_search(search.id, language, tx)


async def decide_duplicate(
    command: DecideDuplicate, duplicate_id: UUID, language: str, tx: Tx
) -> DuplicateView:
    """Raises NotFound, RecordClosed when it is decided, CannotMerge, PersonNotFound."""
    pair = await tx.require(Duplicate, duplicate_id, lock=True)
    if pair.status not in _OPEN:
        raise RecordClosed()
    if command.keep is not None:
        both = {pair.first_id, pair.second_id}
        if command.keep not in both:
            raise CannotMerge(reason="not-of-this-pair")
        (other,) = both - {command.keep}
        merge = await merge_persons(command.keep, other, tx)
        pair.merge_id = merge.id
    await _record(pair, Decision(command.decision), command.reason, tx)
    return (await views_of([pair], language, tx))[0]


async def unmerge_duplicate(
    command: UnmergeDuplicate, duplicate_id: UUID, language: str, tx: Tx
) -> DuplicateView:
    """The decision was wrong: two records again, and known to be of two persons. Raises NotFound,
    NotMerged."""
    pair = await tx.require(Duplicate, duplicate_id, lock=True)
    if pair.merge_id is None or pair.status != Decision.SAME:
        raise NotMerged()
    await unmerge_persons(pair.merge_id, tx)
    await _record(pair, Decision.DIFFERENT, command.reason, tx)
    return (await views_of([pair], language, tx))[0]


async def _record(pair: Duplicate, decision: Decision, reason: str | None, tx: Tx) -> None:
    pair.status = decision
    pair.decided_at, pair.decided_by = tx.now, tx.actor.sub
    await tx.save(pair)
    made = DuplicateDecision(
        id=new_id(),
        duplicate_id=pair.id,
        decision=decision,
        weight=pair.weight,
        model=pair.model,
        merge_id=pair.merge_id,
        decided_at=tx.now,
        decided_by=tx.actor.sub,
    )
    if reason is not None:
        made.reason_sealed = tx.vault.seal(reason, reason_place(made.id))
    await tx.add(made)


async def put_thresholds(command: PutThresholds, tx: Tx) -> ThresholdsView:
    """From the next search on, and for the bands of what is queued at once. The rows before stay,
    so that it can be seen who changed what on which evidence. Raises OutsideJurisdiction."""
    region = narrow(tx.actor, command.region)
    decided = await decided_pairs(region, tx)
    same = sum(each.same for each in decided)
    await tx.add(
        DuplicateThreshold(
            id=new_id(),
            region=region,
            model=VERSION,
            review=command.review,
            strong=command.strong,
            decided_same=same,
            decided_different=len(decided) - same,
            reason=command.reason,
            put_at=tx.now,
            put_by=tx.actor.sub,
        )
    )
    return await get_thresholds(region, tx)
