"""Two counties compare what they told each other."""

import io
import zipfile
from datetime import timedelta
from typing import Any
from uuid import UUID

from services.exchange.messages.handlers import queue_message
from services.exchange.reconciliations.handlers import begin_month
from services.exchange.reconciliations.rules import LINES_KIND, STATEMENT_KIND, month_before
from shared.clock import today
from shared.ids import new_id
from shared.testing import client_of
from tests.exchange.federation import (
    CITY,
    COUNTY,
    OTHER,
    Federation,
    Node,
    eventually,
    settled,
)
from tests.exchange.samples import make_inquiry, make_notice

DAY = today().isoformat()


async def reconcile(friends: Federation, **span: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Start it here, wait for the end on both sides: our view and theirs."""
    here, there = friends[COUNTY], friends[OTHER]
    asked = {"peer": OTHER, "since": DAY, "until": DAY} | span
    begun = await here.call("POST", "/reconciliations", asked, expect=201)
    assert begun["state"] == "due" and begun["counts"] == []
    return await concluded(here, begun["id"]), await concluded(there, begun["id"])


async def concluded(node: Node, reconciliation_id: str) -> dict[str, Any]:
    async def done() -> bool:
        return bool(
            await node.fetch(
                "SELECT 1 FROM reconciliations WHERE id = $1 AND concluded_at IS NOT NULL",
                UUID(reconciliation_id),
            )
        )

    await eventually(done, seconds=40)
    view = await node.call("GET", f"/reconciliations/{reconciliation_id}")
    assert isinstance(view, dict)
    return view


async def lines(node: Node, view: dict[str, Any]) -> list[tuple[str, str]]:
    page = await node.call("GET", f"/reconciliations/{view['id']}/lines")
    return sorted((each["direction"], each["reason"]) for each in page["items"])


def counts(view: dict[str, Any]) -> dict[str, tuple[int, int, int, int]]:
    return {
        f"{each['direction']} {each['kind'].split('.', 1)[1]}": (
            each["ours"],
            each["theirs"],
            each["confirmed"],
            each["disagreeing"],
        )
        for each in view["counts"]
    }


async def exchanged(friends: Federation) -> list[str]:
    """Three notices there, of which one is confirmed and one is not; one inquiry back."""
    here, there = friends[COUNTY], friends[OTHER]
    ids = [(await here.call("POST", "/notices", make_notice(), expect=201))["id"] for _ in range(3)]
    back = make_inquiry(to_region="420325", question={"address_region": "420325100", "on": DAY})
    await there.call("POST", "/inquiries", back, expect=201)
    await settled(friends)
    for notice_id, agrees in zip(ids, (True, False), strict=False):
        await there.call("POST", f"/notices/{notice_id}/feedback", {"agrees": agrees})
    await settled(friends)
    return ids


async def test_what_agrees_is_counted_and_what_was_denied_is_listed(friends: Federation) -> None:
    await exchanged(friends)
    ours, theirs = await reconcile(friends)
    assert counts(ours) == {
        "out notice.arrival.v1": (3, 3, 1, 1),
        "in notice.feedback.v1": (2, 2, 0, 0),
        "in inquiry.opened.v1": (1, 1, 0, 0),
    }
    assert counts(theirs)["in notice.arrival.v1"] == (3, 3, 1, 1)
    assert await lines(friends[COUNTY], ours) == [("out", "records-differ")]
    assert await lines(friends[OTHER], theirs) == [("in", "records-differ")]
    (event,) = await friends[COUNTY].bus.hears("reconciliation-concluded")
    assert (event["sent"], event["received"], event["confirmed"]) == (3, 3, 1)
    assert (event["disagreeing"], event["differing"], event["peer"]) == (1, 1, OTHER)


async def test_nothing_exchanged_agrees(friends: Federation) -> None:
    ours, theirs = await reconcile(friends)
    assert (ours["state"], theirs["state"]) == ("agreed", "agreed")
    assert ours["counts"] == [] and ours["differing"] == 0


async def test_each_difference_is_found_on_both_sides_and_explained(friends: Federation) -> None:
    """A row is lost there, one is altered here, one was refused, one was given up; an unknown one
    lies there."""
    here, there = friends[COUNTY], friends[OTHER]
    await exchanged(friends)
    sent = await here.fetch(
        "SELECT message_id FROM messages_out WHERE kind LIKE '%arrival%' ORDER BY sequence"
    )
    async with here.parts.database.transaction(here.parts.actor) as tx:
        for kind in ("yipan.unheard-of.v1", "yipan.notice.departure.v1"):
            await queue_message(OTHER, kind, new_id(), {}, tx)  # refused: of no kind, of no content
    await settled(friends)
    await here.fetch("UPDATE messages_out SET payload_hash = sha256('x') WHERE message_id = $1",
                     sent[0]["message_id"])  # fmt: skip
    await here.fetch("UPDATE messages_out SET state = 'given-up' WHERE kind LIKE '%departure%'")
    await there.fetch("UPDATE messages_in SET message_id = 'other' WHERE message_id = $1",
                      sent[2]["message_id"])  # fmt: skip
    ours, theirs = await reconcile(friends)
    expected = ["altered", "given-up", "never-received", "never-sent", "records-differ", "refused"]
    assert await lines(here, ours) == [("out", each) for each in expected]
    assert await lines(there, theirs) == [("in", each) for each in expected]
    assert ours["state"] == theirs["state"] == "differing" and ours["differing"] == 6
    page = await here.call("GET", f"/reconciliations/{ours['id']}/lines?limit=4")
    more = await here.call(
        "GET", f"/reconciliations/{ours['id']}/lines?limit=4&cursor={page['next']}"
    )
    found = {each["reason"]: each for each in page["items"] + more["items"]}
    assert len(found) == 6 and more["next"] is None
    assert found["refused"]["ours"]["code"] == "400 err.request.bad"
    assert found["refused"]["theirs"] is None and found["never-sent"]["ours"] is None
    assert found["never-received"]["ours"]["state"] == "delivered"
    assert found["altered"]["ours"]["payload"] != found["altered"]["theirs"]["payload"]
    assert found["records-differ"]["subject_id"] is not None
    assert all(each["zh"] and each["en"] for each in found.values())


async def test_mail_under_way_is_said_to_be(friends: Federation) -> None:
    """Both statements are made while a feedback and a notice cannot get through."""
    here, there = friends[COUNTY], friends[OTHER]
    await exchanged(friends)
    open_one = (await there.call("GET", "/notices?direction=in"))["items"]
    answered = next(each["id"] for each in open_one if each["answered_at"] is None)
    await there.call("POST", f"/queue/peers/{COUNTY}/pause", {"reason": "演练 exercise"})
    await there.call("POST", f"/notices/{answered}/feedback", {"agrees": True})
    asked = {"peer": OTHER, "since": DAY, "until": DAY}
    begun = await here.call("POST", "/reconciliations", asked, expect=201)

    async def stated() -> bool:
        found = await there.fetch("SELECT 1 FROM messages_out WHERE kind = $1", STATEMENT_KIND)
        return bool(found)

    await eventually(stated, seconds=30)
    assert (await here.call("GET", f"/reconciliations/{begun['id']}"))["state"] == "waiting"
    await there.call("POST", f"/queue/peers/{COUNTY}/resumption", expect=204)
    ours = await concluded(here, begun["id"])
    theirs = await concluded(there, begun["id"])
    reasons = [reason for _, reason in await lines(here, ours)]
    assert sorted(reasons) == sorted(reason for _, reason in await lines(there, theirs))
    assert "records-differ" in reasons
    assert set(reasons) <= {"records-differ", "since-the-cut", "feedback-in-flight", "in-flight"}
    assert len(reasons) > 1
    again, _ = await reconcile(friends)  # what was passing has passed
    assert [reason for _, reason in await lines(here, again)] == ["records-differ"]


async def test_both_begin_the_same_month_and_come_to_one_end(friends: Federation) -> None:
    here, there = friends[COUNTY], friends[OTHER]
    await exchanged(friends)
    since, until = month_before(today())
    shift = timedelta(days=(today() - until).days)
    for node in (here, there):
        await node.fetch("UPDATE messages_out SET created_at = created_at - $1::interval", shift)
        await node.fetch("UPDATE messages_in SET said_at = said_at - $1::interval", shift)
    for node in (here, there):
        async with node.parts.database.transaction(node.parts.actor) as tx:
            assert await begin_month(tx) == (1 if today().day > 3 else 0)
            assert await begin_month(tx) == 0
    if today().day <= 3:
        return
    (row,) = await here.fetch("SELECT id, since, until, asked_by FROM reconciliations")
    assert (row["since"], row["until"], row["asked_by"]) == (since, until, "monthly")
    ours = await concluded(here, str(row["id"]))
    theirs = await concluded(there, str(row["id"]))
    assert counts(ours)["out notice.arrival.v1"] == (3, 3, 1, 1)
    assert (ours["differing"], theirs["differing"]) == (1, 1)
    assert not await friends[CITY].fetch("SELECT 1 FROM reconciliations")


async def test_a_statement_of_another_peer_or_span_is_refused(friends: Federation) -> None:
    here, other, city = friends[COUNTY], friends[OTHER], friends[CITY]
    await exchanged(friends)
    ours, _ = await reconcile(friends)
    said = {"since": DAY, "until": DAY, "cut_at": f"{DAY}T01:00:00+08:00", "counts": []}
    day = {"direction": "out", "kind": "x", "day": "2020-01-01", "messages": 1, "confirmed": 0}
    wrong = [day | {"disagreeing": 0, "digest": "0" * 64}]
    line: dict[str, Any] = {"lines": [], "last": True}
    tries: list[tuple[Node, str, UUID, Any, str]] = [
        (city, STATEMENT_KIND, UUID(ours["id"]), said, "403"),  # of a reconciliation of others
        (other, STATEMENT_KIND, UUID(ours["id"]), said, "400"),  # a second one
        (other, STATEMENT_KIND, new_id(), said | {"since": "2020-01-01"}, "400"),  # years
        (other, STATEMENT_KIND, new_id(), said | {"counts": wrong}, "400"),  # outside the span
        (other, STATEMENT_KIND, new_id(), said | {"names": ["王芳"]}, "400"),
        (other, LINES_KIND, new_id(), line, "400"),  # of nothing
        (other, LINES_KIND, UUID(ours["id"]), line, "400"),  # after the last
    ]
    for sender, kind, subject, record, status in tries:
        async with sender.parts.database.transaction(sender.parts.actor) as tx:
            message = await queue_message(COUNTY, kind, subject, record, tx)
        await settled(friends)
        (row,) = await sender.fetch(
            "SELECT last_error FROM messages_out WHERE message_id = $1", message.message_id
        )
        assert str(row["last_error"]).startswith(status), (kind, record, row)
    assert len(await here.fetch("SELECT 1 FROM reconciliations")) == 1


async def test_a_picture_and_a_workbook(friends: Federation) -> None:
    here = friends[COUNTY]
    await exchanged(friends)
    ours, _ = await reconcile(friends)
    token = here.issuer.token(scope="exchange:read", region=here.region)
    path = f"/exchange/v1/reconciliations/{ours['id']}"
    async with client_of(here.app, token) as client:
        picture = await client.get(path, params={"format": "svg"})
        book = await client.get(path, params={"format": "xlsx"})
        assert (await client.get(path, params={"format": "pdf"})).status_code == 400
    assert picture.headers["content-type"] == "image/svg+xml"
    assert "流入通报" in picture.text and "已反馈与登记不符" in picture.text
    with zipfile.ZipFile(io.BytesIO(book.content)) as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml").decode()
    assert "已反馈与登记不符" in sheet and sheet.count("<row") == 2


async def test_who_may_begin_one_and_with_whom(friends: Federation) -> None:
    here = friends[COUNTY]
    asked = {"peer": OTHER, "since": DAY, "until": DAY}
    call = here.call
    await call("POST", "/reconciliations", asked, expect=403, scope="exchange:write")
    await call("POST", "/reconciliations", asked, expect=403, region="110101")
    await call("POST", "/reconciliations", asked | {"peer": COUNTY}, expect=409)
    await call("POST", "/reconciliations", asked | {"peer": "county-1"}, expect=409)
    await call("POST", "/reconciliations", asked | {"since": "2020-01-01"}, expect=422)
    tomorrow = (today() + timedelta(days=1)).isoformat()
    await call("POST", "/reconciliations", asked | {"until": tomorrow}, expect=422)
    await call("GET", "/reconciliations", expect=403, region="110101")
    await call("GET", f"/reconciliations/{new_id()}", expect=404)
    await call("GET", f"/reconciliations/{new_id()}/lines", expect=404)
    await call("POST", "/reconciliations", asked, expect=201)
    page = await call("GET", f"/reconciliations?peer={OTHER}&limit=1")
    assert len(page["items"]) == 1 and page["next"] is None
    assert (await call("GET", "/reconciliations?peer=county-1"))["items"] == []
