"""Notices between two counties, over the wire."""

from services.exchange.evidence.verify import verify_export
from tests.exchange.federation import COUNTY, OTHER, Federation, settled
from tests.exchange.samples import id_number, make_notice


async def test_an_arrival_reaches_home_and_its_feedback_comes_back(friends: Federation) -> None:
    here, home = friends[COUNTY], friends[OTHER]
    sent = await here.call("POST", "/notices", make_notice(), expect=201)
    assert sent["deliverable"] and sent["feedback_asked"]
    await settled(friends)
    assert (await here.call("GET", f"/notices/{sent['id']}"))["delivery"] == "delivered"

    arrived = await home.call("GET", "/notices?direction=in")
    assert [each["id"] for each in arrived["items"]] == [sent["id"]]
    assert "王芳" not in str(arrived)
    view = await home.call("GET", f"/notices/{sent['id']}")
    assert (view["content"]["name"], view["content"]["id_number"]) == ("王芳", id_number())

    await home.call("POST", f"/notices/{sent['id']}/feedback", {"agrees": True})
    await home.call("POST", f"/notices/{sent['id']}/feedback", {"agrees": False}, expect=409)
    await settled(friends)
    assert (await here.call("GET", f"/notices/{sent['id']}"))["agrees"] is True

    (confirmed,) = await here.bus.hears("notice-confirmed")
    assert confirmed["agrees"] is True
    assert here.bus.said("notice-sent")[0]["to_node"] == OTHER
    (received,) = await home.bus.hears("notice-received")
    assert received["from_node"] == COUNTY
    assert id_number() not in str(received)


async def test_both_logs_hold_the_same_hash(friends: Federation) -> None:
    here, home = friends[COUNTY], friends[OTHER]
    await here.call("POST", "/notices", make_notice(), expect=201)
    await settled(friends)
    sql = "SELECT direction, payload_hash FROM evidence_leaves"
    ours, theirs = (await here.fetch(sql))[0], (await home.fetch(sql))[0]
    assert (ours["direction"], theirs["direction"]) == ("sent", "received")
    assert ours["payload_hash"] == theirs["payload_hash"]
    for node in (here, home):
        jwks = await node.public("/exchange/.well-known/jwks.json")
        report = verify_export(await node.export(), jwks)
        assert report.ok and report.leaves == report.verified_size == 1
