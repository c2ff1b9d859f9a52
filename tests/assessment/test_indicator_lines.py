"""Two lines over the same facts, the inquiries that settled a difference, the use of records, and
ten counties that send the same month twice."""

from datetime import UTC, date, datetime, timedelta
from itertools import permutations
from random import Random
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from services.assessment.consumer import consumer
from services.assessment.facts.kinds import Kind
from services.assessment.facts.queries import count_mismatches, list_settled
from services.assessment.indicators.handlers import declare_indicator, load_standard
from services.assessment.indicators.lines import get_lines
from services.assessment.indicators.queries import get_value
from services.assessment.indicators.schemas import DeclareIndicator, LineRow, LinesView
from services.assessment.periods import parse_period
from shared.db import Tx
from shared.events.base import Event
from shared.events.exchange import InquiryClosed
from shared.events.exchange_monthly import SeenByPeer, SeenCount
from shared.events.registry import AreaUse, RecordUseCounted
from shared.ids import new_id
from shared.problems import OutsideJurisdiction
from shared.testing import Issuer, make_actor
from tests.assessment.calls import API, as_, get
from tests.assessment.samples import (
    HOME,
    NOON,
    PEER,
    TOWNSHIP,
    make_fact,
    make_share,
    message_at,
    record,
)
from tests.conftest import TxFactory, parts_of

OCTOBER = parse_period("2026-10")
CODE = "inquiry-answered-in-time"
EAST, WEST = "420325100001", "420325100002"


async def lines_of(tx: Tx, code: str = CODE) -> LinesView:
    return await get_lines(code, OCTOBER, HOME, HOME, tx)


def counted(rows: list[LineRow] | None) -> dict[str | None, int | None]:
    assert rows is not None
    return {each.place: each.denominator for each in rows}


async def answered(tx: Tx, in_time: int, late: int, area: str, office: str = "") -> None:
    await record(
        tx,
        make_fact(Kind.INQUIRY_ANSWER, "in_time", in_time, area=area, office=office),
        make_fact(Kind.INQUIRY_ANSWER, "late", late, area=area, office=office),
    )


@pytest.mark.usefixtures("emptied")
async def test_units_and_communities_add_up_to_the_same_whole(open_tx: TxFactory) -> None:
    async with open_tx("assessment") as tx:
        await load_standard(tx)
        await answered(tx, 30, 20, EAST, "health")
        await answered(tx, 40, 10, EAST, "civil")
        await answered(tx, 15, 25, WEST, "health")
        await answered(tx, 12, 13, TOWNSHIP)
        await answered(tx, 99, 99, PEER, "health")
        view = await lines_of(tx)
        assert (view.whole.denominator, view.whole.numerator) == (165, 97)
        assert counted(view.units) == {None: 25, "civil": 50, "health": 90}
        assert counted(view.communities) == {None: 25, EAST: 100, WEST: 40}
        assert view.communities is not None
        assert {str(each.place): str(each.value) for each in view.communities} == {
            "None": "48.00",
            EAST: "70.00",
            WEST: "37.50",
        }


@pytest.mark.usefixtures("emptied")
async def test_a_small_row_takes_another_with_it(open_tx: TxFactory) -> None:
    async with open_tx("assessment") as tx:
        await load_standard(tx)
        await answered(tx, 3, 2, EAST)
        await answered(tx, 30, 20, WEST)
        await answered(tx, 80, 20, TOWNSHIP)
        view = await lines_of(tx)
        assert counted(view.communities) == {None: 100, EAST: None, WEST: None}
        assert view.whole.denominator == 155


@pytest.mark.usefixtures("emptied")
async def test_what_is_not_counted_so_finely_has_no_line(open_tx: TxFactory) -> None:
    async with open_tx("assessment") as tx:
        await load_standard(tx)
        await declare_indicator(DeclareIndicator.model_validate(make_share(level="community")), tx)
        view = await lines_of(tx, "answered-in-time")
        assert (view.units, view.communities) == (None, [])
        assert view.whole.status == "no_cases"
        county_only = await lines_of(tx, "notices-exchanged")
        assert (county_only.units, county_only.communities) == (None, None)
        tx.actor = make_actor(region=TOWNSHIP)
        with pytest.raises(OutsideJurisdiction):
            await lines_of(tx)


def closed(correct: bool, area: str = PEER, **overrides: Any) -> InquiryClosed:
    values = {
        "inquiry_id": new_id(),
        "kind": "residence",
        "to_node": f"county-{area}",
        "asked_region": area,
        "correct": correct,
        "closed_at": NOON,
    } | overrides
    return InquiryClosed.model_validate(values)


async def hear(tx: Tx, event: Event, at: datetime = NOON, event_id: str | None = None) -> None:
    tx.happened_at, tx.causation_id = at, event_id or str(new_id())
    await consumer.handlers[type(event).event_type](event, tx)


@pytest.mark.usefixtures("emptied")
async def test_a_difference_leads_to_the_inquiries_that_settled_it(open_tx: TxFactory) -> None:
    async with open_tx("assessment") as tx:
        await load_standard(tx)
        events = [closed(number >= 4) for number in range(20)]
        for event in events * 2:
            await hear(tx, event, event_id=str(event.inquiry_id))
        await hear(tx, closed(False, area=HOME))
        value = await get_value("inquiries-found-wrong", OCTOBER, PEER, None, HOME, tx)
        assert (str(value.value), value.denominator) == ("20.00", 20)
        days = (OCTOBER.start, OCTOBER.end)
        wrong = await list_settled(PEER, *days, False, 50, None, tx)
        assert {each.inquiry_id for each in wrong.items} == {e.inquiry_id for e in events[:4]}
        first = await list_settled(PEER, *days, None, 15, None, tx)
        rest = await list_settled(PEER, *days, None, 15, first.next, tx)
        assert len(first.items) + len(rest.items) == 20 and rest.next is None
        november = parse_period("2026-11")
        later = await list_settled(PEER, november.start, november.end, None, 50, None, tx)
        assert later.items == []


@pytest.mark.usefixtures("emptied")
@pytest.mark.parametrize("order", list(permutations(range(3))))
async def test_of_an_inquiry_closed_anew_the_last_ending_holds(
    open_tx: TxFactory, order: tuple[int, ...]
) -> None:
    inquiry_id = new_id()
    async with open_tx("assessment") as tx:
        for number in order:
            at = NOON + timedelta(hours=number)
            event = closed(number == 2, inquiry_id=inquiry_id, closed_at=at)
            await hear(tx, event, at)
        (held,) = (await list_settled(PEER, OCTOBER.start, OCTOBER.end, None, 9, None, tx)).items
        assert held.correct


def seen(node: int, in_time: int, late: int, statement: int) -> tuple[SeenByPeer, datetime]:
    """What county number `node` says of October; `statement` is how often it said so before."""
    event = SeenByPeer(
        statement_id=new_id(),
        from_node=f"county-42038{node}",
        region=HOME,
        month="2026-10",
        counts=[
            SeenCount(kind="inquiry_answer", outcome="in_time", count=in_time),
            SeenCount(kind="inquiry_answer", outcome="late", count=late),
        ],
    )
    return event, datetime(2026, 11, 2, tzinfo=UTC) + timedelta(hours=statement)


@pytest.mark.usefixtures("emptied")
@pytest.mark.parametrize("seed", range(4))
async def test_ten_counties_send_the_same_month_twice_in_different_order(
    open_tx: TxFactory, seed: int
) -> None:
    """Each first says 50 of 60 and then puts it right to 40 of 50; each message comes twice."""
    said = [seen(node, 50, 10, 0) for node in range(10)] + [
        seen(node, 40, 10, 1) for node in range(10)
    ]
    arriving = said * 2
    Random(seed).shuffle(arriving)
    async with open_tx("assessment") as tx:
        definition = make_share(
            numerator={"kinds": ["inquiry_answer_seen"], "outcomes": ["in_time"]},
            denominator={"kinds": ["inquiry_answer_seen"]},
        )
        await declare_indicator(DeclareIndicator.model_validate(definition), tx)
        for event, at in arriving:
            await hear(tx, event, at, str(event.statement_id))
        value = await get_value("answered-in-time", OCTOBER, HOME, None, HOME, tx)
        assert (value.numerator, value.denominator, str(value.value)) == (400, 500, "80.00")
        assert await count_mismatches(tx) == 0


@pytest.mark.usefixtures("emptied")
async def test_the_use_of_records_is_that_of_the_newest_count(open_tx: TxFactory) -> None:
    def count(used: int) -> RecordUseCounted:
        areas = [AreaUse(region=TOWNSHIP, entered=100, used=used)]
        return RecordUseCounted(county=HOME, month="2026-10", areas=areas)

    async with open_tx("assessment") as tx:
        await load_standard(tx)
        for used, hour in ((60, 1), (85, 30), (70, 2), (85, 30)):
            at = datetime(2026, 11, 1, tzinfo=UTC) + timedelta(hours=hour)
            await hear(tx, count(used), at, f"count-{hour}")
        value = await get_value("records-used", OCTOBER, TOWNSHIP, None, HOME, tx)
        assert (str(value.value), value.denominator) == ("85.00", 100)


async def test_over_http(client: httpx.AsyncClient, app: FastAPI, issuer: Issuer) -> None:
    event = closed(False)
    loop = parts_of(app).loop
    for _ in range(2):
        assert await loop.deliver(message_at(event, NOON, event.inquiry_id))
    async with parts_of(app).database.transaction(make_actor()) as tx:
        await answered(tx, 80, 20, EAST, "health")
    query = {"period": "2026-10", "area": HOME}
    view = await get(client, f"/indicators/{CODE}/lines", **query)
    assert [each["place"] for each in view["units"]] == ["health"]
    assert [each["place"] for each in view["communities"]] == [EAST]
    page = await get(client, "/settled-inquiries", period="2026-10", area=PEER)
    assert page["items"] == [
        {
            "inquiry_id": str(event.inquiry_id),
            "area": PEER,
            "kind": "residence",
            "day": date(2026, 10, 12).isoformat(),
            "correct": False,
        }
    ]
    assert (await client.get(f"{API}/indicators/none/lines", params=query)).status_code == 404
    wrong = await client.get(f"{API}/indicators/{CODE}/lines", params=query | {"area": "42"})
    assert wrong.status_code == 400
    client.headers.update(as_(issuer, region=PEER))
    elsewhere = await client.get(f"{API}/indicators/{CODE}/lines", params=query)
    assert elsewhere.status_code == 403
    page = await get(client, "/settled-inquiries", period="2026-10", area=PEER)
    assert page["items"] == []
    client.headers.update(as_(issuer, scope="registry:read"))
    for path in (f"/indicators/{CODE}/lines", "/settled-inquiries"):
        assert (await client.get(API + path, params=query)).status_code == 403
