"""What is hers at the exchange: who looked, everything said of her, and its erasure."""

from typing import Any
from uuid import UUID

import pytest

from services.exchange.evidence import tree
from services.exchange.evidence.rules import hash_of, leaf_hash
from services.exchange.evidence.verify import verify_export
from services.exchange.rights.rules import KEEPING
from shared.clock import today
from shared.events.migrant import MigrantDeparted
from shared.events.registry import PersonsMerged
from shared.ids import new_id
from shared.testing import client_of
from tests.exchange.attachment_samples import PNG, content_at, upload
from tests.exchange.federation import COUNTY, OTHER, Federation, Node, settled
from tests.exchange.samples import id_number, make_handover, make_inquiry, make_notice
from tests.exchange.test_attachments_inquiries import all_here
from tests.exchange.test_inquiries_federation import ANSWER, act, opened
from tests.exchange.test_notices import PERSON, deliver_twice, make_arrival

ELSE = id_number("42038119850101001")


async def hers(
    node: Node, method: str, part: str, *, person: UUID = PERSON, expect: int = 200, **how: Any
) -> Any:
    """A call at her own door, as herself unless told otherwise."""
    claims = {"scope": "self", "sub": str(PERSON), "region": node.region} | how
    purpose = claims.pop("purpose", "subject-access")
    headers = {} if purpose is None else {"Purpose": purpose}
    async with client_of(node.app, node.issuer.token(**claims), headers) as client:
        answer = await client.request(method, f"/exchange/v1/people/{person}/{part}")
    assert answer.status_code == expect, answer.text
    return answer.json()


async def looks(node: Node) -> list[str]:
    """What her data tracker lists of the exchange, newest first."""
    token = node.issuer.token(scope="self", sub=str(PERSON), region=node.region)
    async with client_of(
        node.app, token, {"X-Road-UserId": "x", "Accept-Language": "en"}
    ) as client:
        path = "/exchange/datatracker/v2/findUsage"
        answer = await client.get(path, params={"userCode": str(PERSON)})
    assert answer.status_code == 200, answer.text
    return [each["action"].partition(": ")[2] for each in answer.json()["usages"]]


async def finished(friends: Federation) -> str:
    """An inquiry about her, asked with a file, answered with another, and closed."""
    asking, asked = friends[COUNTY], friends[OTHER]
    question = (await upload(asking, PNG))["id"]
    inquiry = await opened(friends, attachments=[question])
    await act(friends, asked, inquiry, "answer", ANSWER | {"note": "已核对户籍"})
    await act(friends, asking, inquiry, "close", {"correct": True})
    return inquiry


# who looked


async def test_looks_at_an_inquiry_are_hers_as_soon_as_her_number_is_known(
    friends: Federation,
) -> None:
    here = friends[COUNTY]
    inquiry = await opened(friends)
    await here.call("GET", f"/inquiries/{inquiry}")
    assert await looks(here) == []  # nobody has said yet whose number it is
    await deliver_twice(here, make_arrival())
    assert await looks(here) == ["inquiry", "inquiry"]
    await here.call("GET", f"/inquiries/{inquiry}")
    other = await here.call(
        "POST",
        "/inquiries",
        make_inquiry(subject={"name": "李四", "id_number": ELSE}),
        expect=201,
    )
    await here.call("GET", f"/inquiries/{other['id']}")
    assert await looks(here) == ["inquiry"] * 3  # the other one is somebody else's
    later = await opened(friends)
    await here.call("GET", f"/inquiries/{later}")
    assert await looks(here) == ["inquiry"] * 5


async def test_looks_at_a_notice_of_a_peer_and_at_files_are_hers(friends: Federation) -> None:
    here, there = friends[COUNTY], friends[OTHER]
    told = make_notice(to_region="420325100", region="420381001")
    sent = await there.call("POST", "/notices", told, expect=201)
    file = (await upload(here, PNG))["id"]
    await opened(friends, attachments=[file])
    await settled(friends)
    await here.call("GET", f"/notices/{sent['id']}")
    await content_at(here, UUID(file))
    await all_here(there, 1)  # the other county got the file: that is a look too
    await deliver_twice(here, make_arrival())
    assert sorted(await looks(here)) == ["attachment", "attachment", "inquiry", "notice"]


async def test_a_merged_record_keeps_its_looks(friends: Federation) -> None:
    here, double = friends[COUNTY], new_id()
    inquiry = await opened(friends)
    await deliver_twice(here, make_arrival(person_id=double))
    await deliver_twice(here, PersonsMerged(kept_id=PERSON, merged_id=double))
    await here.call("GET", f"/inquiries/{inquiry}")
    assert await looks(here) == ["inquiry", "inquiry"]


# export


async def test_she_gets_everything_said_of_her(friends: Federation) -> None:
    here = friends[COUNTY]
    await deliver_twice(here, make_arrival())
    inquiry = await finished(friends)
    await all_here(friends[OTHER], 1)  # that the other county got the file is a look too
    subject = {"name": "李四", "id_number": ELSE}
    await here.call("POST", "/inquiries", make_inquiry(subject=subject), expect=201)
    export = await hers(here, "GET", "export")
    assert export["person_id"] == str(PERSON)
    (notice,) = export["notices"]
    assert notice["content"]["id_number"] == id_number()
    (one,) = export["inquiries"]
    assert one["inquiry"]["id"] == inquiry
    assert one["inquiry"]["subject"] == {"name": "王芳", "id_number": id_number()}
    assert one["inquiry"]["answer"] == ANSWER["answer"]
    assert [each["name"] for each in one["attachments"]] == ["户口簿.pdf"]
    assert "李四" not in str(export) and ELSE not in str(export)
    assert export["linked_inquiries"] == []
    assert (await looks(here))[0] == "export"
    assert export["usages"] == len(await looks(here)) - 1


async def test_what_an_office_put_under_her_name_is_told_without_what_it_says(
    friends: Federation,
) -> None:
    """A slip of a desk must not show her somebody else's affairs."""
    here = friends[COUNTY]
    await deliver_twice(here, make_arrival())
    body = make_inquiry(subject={"name": "李四", "id_number": ELSE}, person_id=str(PERSON))
    slip = await here.call("POST", "/inquiries", body, expect=201)
    export = await hers(here, "GET", "export")
    assert [each["id"] for each in export["linked_inquiries"]] == [slip["id"]]
    assert export["inquiries"] == []
    assert "李四" not in str(export) and ELSE not in str(export)
    await hers(here, "POST", "erasure")
    view = await here.call("GET", f"/inquiries/{slip['id']}")
    assert view["subject"]["name"] == "李四"


async def test_who_may_ask_for_what_is_hers(friends: Federation) -> None:
    here = friends[COUNTY]
    await hers(here, "GET", "export", expect=404)  # nothing is held
    await deliver_twice(here, make_arrival())
    for method, part in (("GET", "export"), ("POST", "erasure")):
        await hers(here, method, part, expect=404, sub=str(new_id()))
        await hers(here, method, part, expect=404, person=new_id())
        await hers(here, method, part, expect=403, scope="exchange:read")
        await hers(here, method, part, expect=400, purpose=None)
    await hers(here, "GET", "export", expect=403, purpose="service")
    await hers(here, "GET", "export", scope="exchange:write", sub="clerk-1")
    await hers(here, "GET", "export", expect=404, scope="exchange:write", region="110101")
    office: dict[str, Any] = {"scope": "exchange:write", "sub": "clerk-1"}
    await hers(here, "POST", "erasure", expect=403, region="420325100", **office)
    await hers(here, "POST", "erasure", **office)


# erasure


def kinds(erasure: Any) -> dict[str, tuple[int, int]]:
    return {each["kind"]: (each["erased"], each["held"]) for each in erasure["kinds"]}


async def test_what_is_over_goes_and_its_proofs_stay(friends: Federation) -> None:
    here = friends[COUNTY]
    arrival = make_arrival()
    await deliver_twice(here, arrival)
    left = {"departure_id": new_id(), "person_id": PERSON, "region": "420325100"}
    gone = MigrantDeparted(**left, to_region=None, departed_on=today())
    await deliver_twice(here, gone)
    inquiry = await finished(friends)
    await settled(friends)
    before = await here.export()
    erasure = await hers(here, "POST", "erasure")
    expected = {
        "evidence": (0, 3),
        "matters-under-way": (0, 0),
        "facts": (0, 3),
        "home-consents": (0, 0),
        "record-keeping": (0, 0),
        "partner-subscriptions": (0, 0),
        "partner-questions": (0, 0),
        "notices": (2, 0),
        "inquiries": (1, 0),
    }
    assert kinds(erasure).items() >= expected.items()
    assert all(each["reason"]["zh"] and each["reason"]["en"] for each in erasure["kinds"])
    # nothing of it is left, sealed or not
    assert not await here.fetch("SELECT 1 FROM messages_out WHERE content_sealed IS NOT NULL")
    assert not await here.fetch("SELECT 1 FROM messages_in WHERE envelope_sealed IS NOT NULL")
    assert not await here.fetch("SELECT 1 FROM attachment_chunks")
    view = await here.call("GET", f"/inquiries/{inquiry}")
    assert (view["subject"], view["question"], view["answer"]) == ({}, {}, {})
    assert not any(step["act"]["note"] for step in view["steps"])
    assert [step["verb"] for step in view["steps"]] == ["answer", "close"]
    for item in (await here.call("GET", "/notices"))["items"]:
        assert (await here.call("GET", f"/notices/{item['id']}"))["content"] == {}
    # and what was proved before is proved still
    assert await here.export() == before
    jwks = await here.public("/exchange/.well-known/jwks.json")
    report = verify_export(before, jwks)
    assert report.ok and report.leaves > 3
    (message, *_) = await here.fetch("SELECT leaf_index, payload_hash FROM messages_out")
    proof = await here.call("GET", f"/evidence/proofs/{message['leaf_index']}")
    assert proof["leaf"]["payload_sha256"] == message["payload_hash"].hex()
    assert tree.includes(
        leaf_hash(proof["leaf"]),
        proof["leaf_index"],
        proof["head"]["tree_size"],
        [hash_of(each) for each in proof["path"]],
        hash_of(proof["head"]["root"]),
    )
    again = await hers(here, "POST", "erasure")
    assert kinds(again)["notices"] == kinds(again)["inquiries"] == (0, 0)
    export = await hers(here, "GET", "export")
    assert len(export["erasures"]) == 2
    assert "王芳" not in str(export) and id_number() not in str(export)


async def test_what_is_under_way_is_held_and_goes_once_it_is_over(friends: Federation) -> None:
    here, there = friends[COUNTY], friends[OTHER]
    await deliver_twice(here, make_arrival())  # she is here: her departure will have to be told
    told = make_notice(to_region="420325100", region="420381001")  # our desk owes its feedback
    sent = await there.call("POST", "/notices", told, expect=201)
    inquiry = await opened(friends)
    await settled(friends)
    erasure = await hers(here, "POST", "erasure")
    assert kinds(erasure)["matters-under-way"] == (0, 3)
    assert kinds(erasure)["notices"] == kinds(erasure)["inquiries"] == (0, 0)
    await here.call("POST", f"/notices/{sent['id']}/feedback", {"agrees": True})
    await act(friends, here, inquiry, "withdraw")
    await settled(friends)
    erasure = await hers(here, "POST", "erasure")
    assert kinds(erasure)["matters-under-way"] == (0, 1)
    assert (kinds(erasure)["notices"], kinds(erasure)["inquiries"]) == ((1, 0), (1, 0))
    gone = MigrantDeparted(
        departure_id=new_id(),
        person_id=PERSON,
        region="420325100",
        to_region=None,
        departed_on=today(),
    )
    await deliver_twice(here, gone)
    await settled(friends)
    erasure = await hers(here, "POST", "erasure")
    assert kinds(erasure)["matters-under-way"] == (0, 0)
    assert kinds(erasure)["notices"] == (2, 0)


async def test_a_message_that_has_not_left_is_not_erased(friends: Federation) -> None:
    here = friends[COUNTY]
    friends.network.cut.add(OTHER)
    await deliver_twice(here, make_arrival())
    inquiry = await here.call("POST", "/inquiries", make_inquiry(), expect=201)
    await here.call("POST", f"/inquiries/{inquiry['id']}/withdraw", {})
    erasure = await hers(here, "POST", "erasure")
    assert kinds(erasure)["matters-under-way"] == (0, 2)
    friends.network.cut.clear()
    await settled(friends)
    view = await friends[OTHER].call("GET", f"/inquiries/{inquiry['id']}")
    assert view["state"] == "withdrawn"


async def test_a_handover_that_is_over_names_her_no_more(friends: Federation) -> None:
    here, there = friends[COUNTY], friends[OTHER]
    await deliver_twice(here, make_arrival(origin_region="420325"))  # tells nobody
    offer = make_handover(person_id=str(PERSON))
    made = await here.call("POST", "/handovers", offer, expect=201)
    await settled(friends)
    erasure = kinds(await hers(here, "POST", "erasure"))
    assert (erasure["matters-under-way"], erasure["handovers"]) == ((0, 1), (0, 0))
    (export,) = (await hers(here, "GET", "export"))["handovers"]
    assert (export["name"], export["reason"]) == ("王芳", offer["reason"])
    await there.call("POST", f"/handovers/{made['id']}/declination", {"reason": "仍在贵县居住"})
    await settled(friends)
    erasure = kinds(await hers(here, "POST", "erasure"))
    assert (erasure["matters-under-way"], erasure["handovers"]) == ((0, 0), (1, 0))
    assert erasure["record-keeping"] == (0, 1)
    view = await here.call("GET", f"/handovers/{made['id']}")
    assert (view["stage"], view["keeper"]) == ("declined", COUNTY)
    assert [view[each] for each in ("name", "id_number", "reason", "note")] == [None] * 4
    assert not await here.fetch("SELECT 1 FROM messages_out WHERE content_sealed IS NOT NULL")
    assert not await here.fetch("SELECT 1 FROM messages_in WHERE envelope_sealed IS NOT NULL")
    assert kinds(await hers(here, "POST", "erasure"))["handovers"] == (0, 0)
    export = await hers(here, "GET", "export")
    assert [each["name"] for each in export["handovers"]] == [None]
    assert "王芳" not in str(export) and id_number() not in str(export)
    await here.call("POST", "/handovers", offer, expect=201)  # it can be offered again


async def test_what_was_erased_is_not_taken_up_again(friends: Federation) -> None:
    here, there = friends[COUNTY], friends[OTHER]
    await deliver_twice(here, make_arrival())
    await deliver_twice(there, make_arrival(region="420381001", origin_region="110101"))
    inquiry = await finished(friends)
    await all_here(there, 1)
    await hers(there, "POST", "erasure")
    assert await there.fetch("SELECT 1 FROM inquiries WHERE erased_at IS NOT NULL")
    await act(friends, there, inquiry, "dispute", {"note": "不同意"}, expect=409)
    await here.call("POST", f"/inquiries/{inquiry}/reopen", {"note": "再查"})
    await settled(friends)
    refused = await here.fetch("SELECT last_error FROM messages_out WHERE state = 'failed'")
    assert len(refused) == 1
    # nor is a message that failed sent again without its body
    await here.call("POST", f"/inquiries/{inquiry}/withdraw", {})
    await settled(friends)
    await hers(here, "POST", "erasure")
    (failed, *_) = await here.fetch("SELECT message_id FROM messages_out WHERE state = 'failed'")
    await here.call("POST", f"/queue/messages/{failed['message_id']}/retry", expect=409)


def test_the_table_names_each_kind_once() -> None:
    names = [each.kind for each in KEEPING]
    assert len(names) == len(set(names)) > 7


# the second wall


@pytest.mark.parametrize(
    "table", ["messages_out", "messages_in", "notices", "inquiries", "inquiry_steps", "erasures"]
)
async def test_offices_elsewhere_see_nothing_of_it(friends: Federation, table: str) -> None:
    here = friends[COUNTY]
    await deliver_twice(here, make_arrival())
    await finished(friends)
    await hers(here, "POST", "erasure")
    assert await here.fetch(f"SELECT 1 FROM {table}")
    async with here.parts.database.transaction(here.parts.actor) as tx:
        for region in ("110101", "4203251009", ""):
            await tx.execute("SELECT set_config('yipan.region', $1, true)", region)
            assert not await tx.fetch(f"SELECT 1 FROM {table}"), region


async def test_a_township_sees_how_far_its_own_messages_are(friends: Federation) -> None:
    here = friends[COUNTY]
    friends.network.cut.add(OTHER)
    await deliver_twice(here, make_arrival())
    (item,) = (await here.call("GET", "/notices", region="420325100"))["items"]
    assert item["delivery"] in ("queued", "sending")
    assert (await here.call("GET", "/notices", region="420325101"))["items"] == []
    traffic = await here.call("GET", "/traffic", region="420325101")
    assert traffic["sent"] == 1  # a number of the whole node
