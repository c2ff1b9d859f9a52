"""Reading candidate pairs, searches and thresholds."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from services.registry.duplicates.model import LEVELS, VERSION, probability_of
from services.registry.duplicates.models import Decision, Duplicate, DuplicateSearch
from services.registry.duplicates.pairs import thresholds_in_force
from services.registry.duplicates.schemas import (
    Band,
    DecisionView,
    DuplicateView,
    EffectView,
    EvidenceView,
    FailureView,
    SearchView,
    SideView,
    ThresholdsView,
)
from services.registry.duplicates.thresholds import NEEDED, Decided, Thresholds, proposal
from services.registry.persons.models import Person
from services.registry.persons.queries import id_number_of
from shared.actors import narrow
from shared.crypto import mask
from shared.db import Tx
from shared.pages import Page, decode_cursor, encode_cursor
from shared.problems import MalformedRequest, Text

_FAILURES = {
    "memory": Text(
        "内存不足：请调高 linkage_memory_mib，或分区划查重",
        "Not enough memory: raise linkage_memory_mib, or search by smaller regions",
    ),
    "spark-missing": Text(
        "登记服务处未安装 pyspark：请按 requirements-spark.lock 安装，或去掉 linkage_spark_master",
        "pyspark is not installed beside the registry: install requirements-spark.lock, or unset"
        " linkage_spark_master",
    ),
    "spark-unavailable": Text(
        "Spark 未能启动或连接：请查 Java 17、linkage_spark_master、linkage_spark_secret",
        "Spark did not start or could not be reached: see to Java 17, linkage_spark_master and"
        " linkage_spark_secret",
    ),
    "crashed": Text("比对进程多次中断", "The linking process ended again and again"),
    "error": Text("比对出错，详见日志", "Linking went wrong; see the log"),
}

# A pair is listed where either record lies in the region asked for; row-level security hides it
# unless the caller may see both. Once one of them is merged, an open pair waits for that to be
# undone: the next search proposes the kept record.
_PAGE = """
SELECT duplicates.* FROM duplicates
JOIN persons AS first ON first.id = first_id
JOIN persons AS second ON second.id = second_id
WHERE duplicates.status = $1
  AND (duplicates.weight, duplicates.id) < ($2, $3)
  AND (duplicates.status NOT IN ('open', 'undecided')
       OR (first.status <> 'merged' AND second.status <> 'merged'))
  AND (starts_with(first.hukou_region, $4) OR starts_with(first.residence_region, $4)
       OR starts_with(first.left_region, $4) OR starts_with(second.hukou_region, $4)
       OR starts_with(second.residence_region, $4) OR starts_with(second.left_region, $4))
  AND ($5::float8 IS NULL OR duplicates.weight >= $5)
  AND ($6::float8 IS NULL OR duplicates.weight < $6)
  AND ($7::text IS NULL OR $7 = ANY(duplicates.evidence))
  AND ($8::uuid IS NULL OR duplicates.search_id = $8)
ORDER BY duplicates.weight DESC, duplicates.id DESC LIMIT $9
"""
_LAST = UUID(int=2**128 - 1)

_DECIDED = """
SELECT duplicates.weight, duplicates.status FROM duplicates
JOIN persons AS first ON first.id = first_id
WHERE duplicates.status IN ('same', 'different') AND duplicates.model = $2
  AND (starts_with(first.hukou_region, $1) OR starts_with(first.residence_region, $1)
       OR starts_with(first.left_region, $1))
"""


async def list_duplicates(
    status: Decision,
    region: str | None,
    band: Band | None,
    evidence: str | None,
    search_id: UUID | None,
    limit: int,
    cursor: str | None,
    language: str,
    tx: Tx,
) -> Page[DuplicateView]:
    """Pairs, the strongest first. Raises MalformedRequest for evidence that the model has not."""
    if evidence is not None and evidence not in LEVELS:
        raise MalformedRequest(Text("evidence 无效", "`evidence` is not valid"))
    asked = narrow(tx.actor, region)
    strong = (await thresholds_in_force(asked, tx)).thresholds.strong
    found = await tx.find(
        Duplicate,
        _PAGE,
        status.value,
        *_place_of(cursor),
        asked,
        strong if band is Band.STRONG else None,
        strong if band is Band.POSSIBLE else None,
        evidence,
        search_id,
        limit + 1,
    )
    items = await views_of(found[:limit], language, tx)
    more = found[limit:]
    return Page(
        items=items,
        next=encode_cursor(repr(items[-1].weight), str(items[-1].id)) if more else None,
    )


def _place_of(cursor: str | None) -> tuple[float, UUID]:
    if cursor is None:
        return float("inf"), _LAST
    try:
        weight, last = decode_cursor(cursor)
        return float(str(weight)), UUID(str(last))
    except ValueError as error:
        raise MalformedRequest(Text("cursor 无效", "The cursor is not valid")) from error


async def views_of(pairs: Sequence[Duplicate], language: str, tx: Tx) -> list[DuplicateView]:
    """Pairs with both records beside each other; each record is noted as looked at."""
    ids = {each for pair in pairs for each in (pair.first_id, pair.second_id)}
    persons = {
        person.id: person
        for person in await tx.find(
            Person, "SELECT * FROM persons WHERE id = ANY($1::uuid[])", list(ids)
        )
    }
    for person_id in persons:
        tx.saw(person_id, "duplicate")
    strong = (await thresholds_in_force(tx.actor.region, tx)).thresholds.strong
    decisions = await _decisions(pairs, tx)
    return [
        DuplicateView(
            **pair.model_dump(include={"id", "version", "status", "weight", "evidence"}),
            **pair.model_dump(include={"search_id", "found_at", "decided_at"}),
            band=Band.STRONG if pair.weight >= strong else Band.POSSIBLE,
            probability=round(probability_of(pair.weight), 4),
            details=_details(pair, language),
            first=_side(pair.first_id, persons, tx),
            second=_side(pair.second_id, persons, tx),
            decisions=decisions.get(pair.id, []),
        )
        for pair in pairs
    ]


def _details(pair: Duplicate, language: str) -> list[EvidenceView]:
    """The evidence in words, what counts most first. A pair that an older version of the model
    found has codes alone."""
    details = [
        EvidenceView(
            code=code,
            compared=LEVELS[code][0].words.say(language),
            outcome=LEVELS[code][1].words.say(language),
            weight=round(weight, 1),
        )
        for code, weight in zip(pair.evidence, pair.weights, strict=False)
        if code in LEVELS
    ]
    return sorted(details, key=lambda each: -abs(each.weight))


async def _decisions(pairs: Sequence[Duplicate], tx: Tx) -> dict[UUID, list[DecisionView]]:
    rows = await tx.fetch(
        "SELECT * FROM duplicate_decisions WHERE duplicate_id = ANY($1::uuid[]) ORDER BY id",
        [pair.id for pair in pairs],
    )
    made: dict[UUID, list[DecisionView]] = {}
    for row in rows:
        sealed = row["reason_sealed"]
        view = DecisionView(
            decision=Decision(row["decision"]),
            reason=tx.vault.open(sealed, reason_place(row["id"])) if sealed else None,
            decided_at=row["decided_at"],
            decided_by=row["decided_by"],
        )
        made.setdefault(row["duplicate_id"], []).append(view)
    return made


async def reasons_of(pairs: Sequence[UUID], tx: Tx) -> dict[UUID, list[str]]:
    """The reasons given for decisions about pairs, in their order."""
    rows = await tx.fetch(
        "SELECT id, duplicate_id, reason_sealed FROM duplicate_decisions"
        " WHERE duplicate_id = ANY($1::uuid[]) AND reason_sealed IS NOT NULL ORDER BY id",
        pairs,
    )
    reasons: dict[UUID, list[str]] = {}
    for row in rows:
        reason = tx.vault.open(row["reason_sealed"], reason_place(row["id"]))
        reasons.setdefault(row["duplicate_id"], []).append(reason)
    return reasons


def reason_place(decision_id: UUID) -> str:
    return f"duplicate_decisions.reason:{decision_id}"


def _side(person_id: UUID, persons: dict[UUID, Person], tx: Tx) -> SideView:
    person = persons[person_id]
    number = id_number_of(person, tx)
    return SideView(
        **person.model_dump(include=set(SideView.model_fields) - {"id_number"}),
        person_id=person.id,
        id_number=mask(number, 6, 2) if number else None,
    )


async def get_search(search_id: UUID, language: str, tx: Tx) -> SearchView:
    """Raises NotFound."""
    return _search_view(await tx.require(DuplicateSearch, search_id), language)


async def list_searches(limit: int, cursor: str | None, language: str, tx: Tx) -> Page[SearchView]:
    """Searches of the caller's jurisdiction, the latest first."""
    before = _place_of(cursor)[1]
    found = await tx.find(
        DuplicateSearch,
        "SELECT * FROM duplicate_searches WHERE id < $1 ORDER BY id DESC LIMIT $2",
        before,
        limit + 1,
    )
    items = [_search_view(each, language) for each in found[:limit]]
    more = found[limit:]
    return Page(items=items, next=encode_cursor("0", str(items[-1].id)) if more else None)


def _search_view(search: DuplicateSearch, language: str) -> SearchView:
    failure = None
    if search.failure:
        words = _FAILURES.get(search.failure, _FAILURES["error"])
        failure = FailureView(code=search.failure, reason=words.say(language))
    fields = set(SearchView.model_fields) - {"failure"}
    return SearchView(**search.model_dump(include=fields), failure=failure)


async def decided_pairs(region: str, tx: Tx) -> list[Decided]:
    """What was decided in a region about pairs that this version of the model weighed."""
    return [
        Decided(row["weight"], row["status"] == Decision.SAME)
        for row in await tx.fetch(_DECIDED, region, VERSION)
    ]


async def get_thresholds(region: str | None, tx: Tx) -> ThresholdsView:
    """Thresholds in force and those that the decisions speak for. Raises OutsideJurisdiction."""
    asked = narrow(tx.actor, region)
    in_force = await thresholds_in_force(asked, tx)
    row: dict[str, Any] = in_force.row or {}
    decided = await decided_pairs(asked, tx)
    wanted = proposal(decided, in_force.thresholds)
    same = sum(each.same for each in decided)
    return ThresholdsView(
        region=asked,
        model=VERSION,
        in_force=_effect(in_force.thresholds, decided),
        since=row.get("put_at"),
        put_by=row.get("put_by"),
        reason=row.get("reason"),
        proposed=_effect(wanted, decided) if wanted else None,
        decided_same=same,
        decided_different=len(decided) - same,
        needed=NEEDED,
    )


def _effect(thresholds: Thresholds, decided: Sequence[Decided]) -> EffectView:
    hidden = [each.same for each in decided if each.weight < thresholds.review]
    strong = [each.same for each in decided if each.weight >= thresholds.strong]
    return EffectView(
        review=thresholds.review,
        strong=thresholds.strong,
        same_hidden=sum(hidden),
        different_hidden=len(hidden) - sum(hidden),
        same_strong=sum(strong),
        different_strong=len(strong) - sum(strong),
    )
