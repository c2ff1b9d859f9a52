"""New registrations checked, the queue kept, decisions and thresholds recorded."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from services.registry.duplicates import checking, handlers, queries
from services.registry.duplicates.checking import check_new_persons
from services.registry.duplicates.model import FEWEST, VERSION, weigh
from services.registry.duplicates.models import Decision, DuplicateDecision
from services.registry.duplicates.pairs import (
    COMPARED,
    Pair,
    enter_pairs,
    lapse_pairs,
    read,
    send_compared,
    thresholds_in_force,
)
from services.registry.duplicates.reading import Reader
from services.registry.duplicates.schemas import (
    DecideDuplicate,
    PutThresholds,
    SearchDuplicates,
    UnmergeDuplicate,
)
from services.registry.duplicates.thresholds import DEFAULT, NEEDED, Thresholds
from services.registry.errors import CannotMerge, NotMerged, RecordClosed, SearchClosed
from services.registry.persons.handlers import register_person
from services.registry.persons.schemas import RegisterPerson
from shared.db import Database, Tx
from shared.ids import new_id
from shared.problems import OutsideJurisdiction
from shared.testing import VAULT, make_actor
from shared.usage import Purpose
from tests.conftest import Cluster, TxFactory
from tests.registry.duplicate_samples import record
from tests.registry.places import number
from tests.registry.samples import make_person

HOME = "420325100001"


@pytest.fixture
async def database(database: Database, cluster: Cluster) -> AsyncIterator[Database]:
    """Emptied afterwards as well: what is committed here would meet other tests' people."""
    yield database
    await cluster.empty("registry")


async def registered(tx: Tx, **said: Any) -> UUID:
    """王芳 without a number, unless something else is said."""
    body = make_person(id_number=None, phone=None, hukou_region=HOME) | said
    digits = body["id_number"]
    if digits:
        body |= {
            "sex": "1" if int(digits[16]) % 2 else "2",
            "birth_date": f"{digits[6:10]}-{digits[10:12]}-{digits[12:14]}",
        }
    return (await register_person(RegisterPerson(**body), tx)).id


async def pair_of(tx: Tx, **said: Any) -> Pair:
    """Two registered records and what they weigh."""
    one = await registered(tx, id_number=number("19900101", 112))
    other = await registered(tx, **said)
    finding = weigh(record(), record(n=2, id_number=None), FEWEST)
    return Pair(one, other, finding)


async def only_pair(tx: Tx) -> dict[str, Any]:
    (row,) = await tx.fetch("SELECT * FROM duplicates")
    return dict(row)


async def seen(database: Database, tx_actor: Any = None) -> int:
    async with database.transaction(tx_actor or make_actor(), purpose=Purpose.DATA_QUALITY) as tx:
        return await check_new_persons(tx)


async def committed(database: Database, **said: Any) -> UUID:
    async with database.transaction(make_actor()) as tx:
        return await registered(tx, **said)


async def test_a_new_registration_is_compared_with_its_likes(database: Database) -> None:
    first = await committed(database, id_number=number("19900101", 112))
    await committed(database, name="李娜")
    assert await seen(database) == 0
    second = await committed(database)
    slip = await committed(database, name="王方", id_number=number("19900101", 122))
    assert await seen(database) == 2
    assert await seen(database) == 0  # once is enough
    async with database.transaction(make_actor()) as tx:
        rows = await tx.fetch("SELECT * FROM duplicates ORDER BY id")
        looks = await tx.fetch(
            "SELECT DISTINCT subject_id FROM usage_entries WHERE kind = 'duplicate-search'"
        )
    pairs = {(row["first_id"], row["second_id"]) for row in rows}
    assert pairs == {(first, second), (first, slip)}
    for row in rows:
        assert row["model"] == VERSION
        assert row["search_id"] is None
        assert len(row["evidence"]) == len(row["weights"])
        assert row["weight"] > DEFAULT.review
    # who was compared can see it; 李娜, whose number nobody opened, was not
    assert {row["subject_id"] for row in looks} == {first, second, slip}


async def test_weak_likenesses_are_not_proposed(database: Database) -> None:
    await committed(database, id_number=number("19900101", 112))
    await committed(
        database, name="王芳", hukou_region="420325101001", id_number=number("19900101", 556)
    )
    assert await seen(database) == 0


async def test_rosters_are_left_to_a_search(database: Database) -> None:
    await committed(database, id_number=number("19900101", 112))
    second = await committed(database)
    async with database.transaction(make_actor()) as tx:
        await tx.execute("UPDATE persons SET import_id = $2 WHERE id = $1", second, new_id())
    found = await seen(database)
    async with database.transaction(make_actor()) as tx:
        rows = await tx.fetch("SELECT 1 FROM duplicates")
    # the first record, registered by itself, finds the other one
    assert found == len(rows) == 1


async def test_what_comes_in_bulk_is_left_to_a_search(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checking, "BULK", 1)
    async with database.transaction(make_actor()) as tx:
        await registered(tx, id_number=number("19900101", 112))
        await registered(tx)
    assert await seen(database) == 0
    await committed(database)  # the next one by itself finds both
    assert await seen(database) == 2


async def test_a_backlog_is_worked_off_in_passes(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checking, "AT_ONCE", 1)
    await committed(database, id_number=number("19900101", 112))
    await committed(database)
    assert [await seen(database) for _ in range(3)] == [1, 0, 0]


async def test_a_search_reads_what_a_registration_does(database: Database) -> None:
    """The columns made by Arrow and the records made one by one are the same."""
    for said in (
        {"id_number": number("19900101", 112), "phone": "13900000001"},
        {"name": "欧阳知夏", "birth_date": "1988-02-03"},
        {
            "name": "買買提·吐爾遜",
            "hukou_region": "330106",
            "residence": make_person()["residence"],
        },
        {"name": "王□", "id_number": number("20010203", 44)},
    ):
        await committed(database, **said)
    reader = Reader(VAULT)
    async with database.transaction(make_actor()) as tx:
        rows = await tx.fetch(COMPARED)
        content = bytearray()

        async def collect(part: bytes) -> None:
            content.extend(part)

        await send_compared("420325", collect, tx)
    for cut in range(0, len(content), 7):  # however the network cuts it
        await reader.take(bytes(content[cut : cut + 7]))
    reader.end()
    table = reader.table()
    made = {each.id: each.record for each in (read(row, VAULT) for row in rows)}
    assert len(made) == len(reader.ids) == 4
    for n in range(4):
        line = {name: value[0] for name, value in table.slice(n, 1).to_pydict().items()}
        assert line.pop("row_number") == n
        assert line == made[reader.person_id(n)]._asdict()


async def test_pairs_are_entered_once_and_weighed_anew(open_tx: TxFactory) -> None:
    async with open_tx("registry") as tx:
        pair = await pair_of(tx)
        assert await enter_pairs([pair], None, tx) == 1
        stronger = pair._replace(finding=weigh(record(), record(n=2), FEWEST))
        search = new_id()
        assert await enter_pairs([stronger], search, tx) == 0
        row = await only_pair(tx)
        assert row["weight"] == pytest.approx(stronger.finding.weight, abs=0.001)
        assert (row["search_id"], row["version"]) == (search, 2)
        await tx.execute("UPDATE duplicates SET status = 'different'")
        assert await enter_pairs([pair], None, tx) == 0
        assert (await only_pair(tx))["version"] == 2  # what was decided stays


async def test_what_a_search_no_longer_finds_lapses(open_tx: TxFactory) -> None:
    async with open_tx("registry") as tx:
        pair = await pair_of(tx)
        await enter_pairs([pair], None, tx)
        later = tx.now + timedelta(seconds=1)
        search = new_id()
        assert await lapse_pairs("330106", search, later, tx) == 0  # another region
        assert await lapse_pairs("420325", search, tx.now, tx) == 0  # it is newer than the search
        assert await lapse_pairs("420325", search, later, tx) == 1
        assert (await only_pair(tx))["status"] == "lapsed"
        assert await enter_pairs([pair], search, tx) == 0
        assert (await only_pair(tx))["status"] == "open"
        assert await lapse_pairs("420325", search, later, tx) == 0  # its own


async def decided(tx: Tx, command: DecideDuplicate) -> Any:
    return await handlers.decide_duplicate(command, (await only_pair(tx))["id"], "en", tx)


async def test_decisions_are_kept_with_their_reasons(open_tx: TxFactory) -> None:
    async with open_tx("registry") as tx:
        pair = await pair_of(tx)
        await enter_pairs([pair], None, tx)
        view = await decided(tx, DecideDuplicate(decision=Decision.UNDECIDED, reason="等户口簿"))
        assert view.status == Decision.UNDECIDED
        view = await decided(
            tx, DecideDuplicate(decision=Decision.SAME, keep=pair.first, reason="同一人")
        )
        with pytest.raises(RecordClosed):
            await decided(tx, DecideDuplicate(decision=Decision.DIFFERENT))
        view = await handlers.unmerge_duplicate(
            UnmergeDuplicate(reason="照片不符"), view.id, "en", tx
        )
        assert [(each.decision, each.reason) for each in view.decisions] == [
            (Decision.UNDECIDED, "等户口簿"),
            (Decision.SAME, "同一人"),
            (Decision.DIFFERENT, "照片不符"),
        ]
        rows = await tx.find(DuplicateDecision, "SELECT * FROM duplicate_decisions ORDER BY id")
        assert all("同一人".encode() not in (row.reason_sealed or b"") for row in rows)
        assert [row.weight for row in rows] == [view.weight] * 3
        reasons = await queries.reasons_of([view.id], tx)  # for her export
        assert reasons == {view.id: ["等户口簿", "同一人", "照片不符"]}
        with pytest.raises(NotMerged):
            await handlers.unmerge_duplicate(UnmergeDuplicate(), view.id, "en", tx)


async def test_only_a_record_of_the_pair_can_be_kept(open_tx: TxFactory) -> None:
    async with open_tx("registry") as tx:
        await enter_pairs([await pair_of(tx)], None, tx)
        with pytest.raises(CannotMerge):
            await decided(tx, DecideDuplicate(decision=Decision.SAME, keep=new_id()))


async def test_a_search_is_asked_for_once_and_called_off(open_tx: TxFactory) -> None:
    async with open_tx("registry", purpose=Purpose.DATA_QUALITY) as tx:
        one = await handlers.search_duplicates(SearchDuplicates(), "en", tx)
        assert await handlers.search_duplicates(SearchDuplicates(), "en", tx) == one
        town = await handlers.search_duplicates(SearchDuplicates(region="420325100"), "en", tx)
        assert (one.region, town.region) == ("420325", "420325100")
        assert one.least_weight == DEFAULT.review
        with pytest.raises(OutsideJurisdiction):
            await handlers.search_duplicates(SearchDuplicates(region="330106"), "en", tx)
        gone = await handlers.cancel_search(one.id, "en", tx)
        assert (gone.status, gone.stage) == ("cancelled", None)
        with pytest.raises(SearchClosed):
            await handlers.cancel_search(one.id, "en", tx)


async def taught(tx: Tx, same: int, different: int) -> None:
    """Decided pairs: the same ones weigh 10 bits, the others 1."""
    people = [await registered(tx, birth_date=f"1950-01-{n:02d}") for n in range(1, 13)]
    pairs = [(a, b) for n, a in enumerate(people) for b in people[n + 1 :]]
    for n, (one, other) in enumerate(pairs[: same + different]):
        await tx.execute(
            "INSERT INTO duplicates (id, version, first_id, second_id, evidence, weight, model,"
            " status, found_at) VALUES ($1, 1, $2, $3, '{}', $4, $5, $6,"
            " now())",
            new_id(),
            min(one, other),
            max(one, other),
            10.0 if n < same else 1.0,
            VERSION,
            "same" if n < same else "different",
        )


async def test_decisions_propose_thresholds_and_a_person_puts_them_in_force(
    open_tx: TxFactory,
) -> None:
    async with open_tx("registry") as tx:
        await taught(tx, NEEDED, NEEDED - 1)
        view = await queries.get_thresholds(None, tx)
        assert (view.proposed, view.decided_same, view.decided_different) == (
            None,
            NEEDED,
            NEEDED - 1,
        )
    async with open_tx("registry") as tx:
        await taught(tx, NEEDED, NEEDED + 5)
        view = await queries.get_thresholds(None, tx)
        assert view.since is None
        assert view.proposed is not None
        assert view.in_force.different_hidden == 0
        # what clerks found to be two persons would no longer be queued, and nothing else
        assert view.proposed.different_hidden == NEEDED + 5
        assert view.proposed.same_hidden == 0
        assert (await thresholds_in_force("420325100", tx)).thresholds == DEFAULT
        put = await handlers.put_thresholds(
            PutThresholds(
                review=view.proposed.review, strong=view.proposed.strong, reason="据四十五条认定"
            ),
            tx,
        )
        assert put.put_by == tx.actor.sub
        assert put.in_force == view.proposed
        assert (await thresholds_in_force("420325100", tx)).thresholds == Thresholds(
            view.proposed.review, view.proposed.strong
        )
        assert (await thresholds_in_force("330106", tx)).thresholds == DEFAULT
        search = await handlers.search_duplicates(SearchDuplicates(), "en", tx)
        assert search.least_weight == view.proposed.review


async def test_decisions_on_other_models_teach_nothing(open_tx: TxFactory) -> None:
    async with open_tx("registry") as tx:
        await taught(tx, NEEDED, NEEDED)
        await tx.execute("UPDATE duplicates SET model = 'older'")
        assert (await queries.get_thresholds(None, tx)).decided_same == 0
