"""She objects to what offices said of her: decided by whoever said it, put right everywhere."""

from typing import Any
from uuid import UUID

from services.exchange.messages.handlers import queue_message
from services.exchange.objections.models import Objection
from shared.clock import today
from shared.ids import new_id
from shared.testing import client_of
from tests.exchange.federation import CITY, COUNTY, OTHER, Federation, Node, settled
from tests.exchange.samples import id_number, make_inquiry, make_notice
from tests.exchange.test_inquiries_federation import ANSWER, act, opened
from tests.exchange.test_notices import PERSON, deliver_twice, make_arrival
from tests.exchange.test_rights import ELSE, hers, kinds, looks

WHY = "我没有在那里住过"
BECAUSE = "已核对登记和租房合同"


async def as_herself(
    node: Node, method: str, path: str, body: Any = None, *, expect: int = 200, **how: Any
) -> Any:
    claims = {"scope": "self", "sub": str(PERSON), "region": node.region} | how
    purpose = claims.pop("purpose", "subject-access")
    headers = {} if purpose is None else {"Purpose": purpose, "Accept-Language": "en"}
    async with client_of(node.app, node.issuer.token(**claims), headers) as client:
        answer = await client.request(method, f"/exchange/v1{path}", json=body)
    assert answer.status_code == expect, answer.text
    return answer.json()


def objection(record: str, about: str, **overrides: Any) -> dict[str, Any]:
    """The body of POST /exchange/v1/objections."""
    return {
        "person_id": str(PERSON),
        "record_id": record,
        "about": about,
        "reason": WHY,
    } | overrides


async def states_it(node: Node, record: str, about: str, expect: int = 201) -> Any:
    return await as_herself(node, "POST", "/objections", objection(record, about), expect=expect)


async def told_of_her(friends: Federation) -> str:
    """The notice of her arrival that our county sent to her home."""
    await deliver_twice(friends[COUNTY], make_arrival())
    await settled(friends)
    (notice,) = (await friends[COUNTY].call("GET", "/notices"))["items"]
    return str(notice["id"])


async def home_knows_her(friends: Federation) -> None:
    """Her home county has a record of her, with her number."""
    await deliver_twice(friends[OTHER], make_arrival(region="420381001", origin_region="110101"))


async def answered(friends: Federation) -> str:
    """An inquiry about her that her home county answered."""
    await deliver_twice(friends[COUNTY], make_arrival(origin_region="420325"))  # tells nobody
    inquiry = await opened(friends)
    await act(friends, friends[OTHER], inquiry, "answer", ANSWER)
    return inquiry


async def decided(node: Node, friends: Federation, granted: bool, **how: Any) -> Any:
    """The one objection that waits at a node, decided by its clerk."""
    (waiting,) = (await node.call("GET", "/objections?status=open"))["items"]
    body = {"granted": granted, "reason": BECAUSE} | how
    view = await node.call("POST", f"/objections/{waiting['id']}/decision", body)
    await settled(friends)
    return view


# a notice


async def test_a_notice_of_ours_is_taken_back_at_whoever_was_told(friends: Federation) -> None:
    here, home = friends[COUNTY], friends[OTHER]
    notice = await told_of_her(friends)
    made = await states_it(here, notice, "notice")
    assert (made["direction"], made["status"], made["peer"]) == ("own", "open", None)
    assert made["reason"] == WHY
    view = await decided(here, friends, True, remedy={"void": True})
    assert (view["status"], view["decision_reason"]) == ("granted", BECAUSE)
    at_home = await home.call("GET", f"/notices/{notice}")
    assert at_home["void"] and len(at_home["amendments"]) == 1
    (mine,) = await as_herself(here, "GET", "/me/objections")
    assert (mine["status"], mine["decision_reason"]) == ("granted", BECAUSE)
    (said,) = await here.bus.hears("objection-decided")
    assert (said["person_id"], said["granted"], said["appealed"]) == (str(PERSON), True, False)
    assert WHY not in str(here.bus.events) and BECAUSE not in str(here.bus.events)
    again = await states_it(here, notice, "notice", expect=409)  # it says nothing any more
    assert again["type"].endswith("nothing-to-object-to")


async def test_a_day_and_a_place_are_put_right(friends: Federation) -> None:
    here, home = friends[COUNTY], friends[OTHER]
    notice = await told_of_her(friends)
    await states_it(here, notice, "notice")
    (waiting,) = (await here.call("GET", "/objections"))["items"]
    path = f"/objections/{waiting['id']}/decision"
    body = {"granted": True, "reason": BECAUSE}
    for wrong in ({}, {"answer": {"lives_there": True}}):
        await here.call("POST", path, body | {"remedy": wrong}, expect=422)
    elsewhere = {"region": "420381001"}
    await here.call("POST", path, body | {"remedy": elsewhere}, expect=403)
    remedy = {"region": "420325101", "happened_on": "2026-03-02"}
    await here.call("POST", path, body | {"remedy": remedy})
    await settled(friends)
    content = (await home.call("GET", f"/notices/{notice}"))["content"]
    assert (content["region"], content["happened_on"]) == ("420325101", "2026-03-02")
    await here.call("POST", path, body | {"remedy": remedy}, expect=409)


async def test_what_a_peer_said_is_decided_there_and_put_right_here(friends: Federation) -> None:
    """She objects where she is; the office that said it decides, and everybody is told."""
    here, home = friends[COUNTY], friends[OTHER]
    notice = await told_of_her(friends)
    await home_knows_her(friends)
    made = await states_it(home, notice, "notice")
    assert (made["direction"], made["peer"]) == ("out", COUNTY)
    await settled(friends)
    body = {"granted": True, "reason": BECAUSE, "remedy": {"void": True}}
    refused = await home.call("POST", f"/objections/{made['id']}/decision", body, expect=409)
    assert refused["type"].endswith("decided-elsewhere") and refused["peer"] == COUNTY
    (came,) = (await here.call("GET", "/objections"))["items"]
    assert (came["direction"], came["peer"], came["person_id"]) == ("in", OTHER, None)
    assert (came["reason"], came["region"]) == (WHY, "420325100")
    await decided(here, friends, True, remedy={"happened_on": "2026-03-02"})
    (mine,) = await as_herself(home, "GET", "/me/objections")
    assert (mine["status"], mine["decision_reason"]) == ("granted", BECAUSE)
    assert (await home.call("GET", f"/notices/{notice}"))["happened_on"] == "2026-03-02"
    assert len(await home.bus.hears("objection-decided")) == 1
    assert here.bus.said("objection-decided") == []  # nobody stated one there
    amended = await home.bus.hears("notice-amended")
    assert [each["happened_on"] for each in amended] == ["2026-03-02"]


# an inquiry


async def test_a_wrong_answer_is_put_right_at_whoever_read_it(friends: Federation) -> None:
    asking, asked, city = friends[COUNTY], friends[OTHER], friends[CITY]
    inquiry = await answered(friends)
    await act(friends, asking, inquiry, "dispute", {"note": "本人称未曾居住"})
    made = await states_it(asking, inquiry, "answer")
    assert (made["direction"], made["peer"]) == ("out", OTHER)
    await settled(friends)
    remedy = {"answer": {"lives_there": False}}
    for odd in ({"answer": {"remarks": "x"}}, {"answer": {"lives_there": "no"}}, {"void": True}):
        (waiting,) = (await asked.call("GET", "/objections"))["items"]
        body = {"granted": True, "reason": BECAUSE, "remedy": odd}
        await asked.call("POST", f"/objections/{waiting['id']}/decision", body, expect=422)
    await decided(asked, friends, True, remedy=remedy)
    for node in (asking, asked, city):
        view = await node.call("GET", f"/inquiries/{inquiry}")
        assert view["answer"] == {"lives_there": False, "since": "2026-01-05"}
        assert view["state"] == "disputed"
        assert view["steps"][-1]["verb"] == "correct" and WHY not in str(view)
    (mine,) = await as_herself(asking, "GET", "/me/objections")
    assert mine["status"] == "granted"


async def test_no_desk_corrects_without_an_objection_and_no_peer_the_others_answer(
    friends: Federation,
) -> None:
    asking, asked = friends[COUNTY], friends[OTHER]
    inquiry = await answered(friends)
    body: dict[str, Any] = {"note": "更正", "answer": {"lives_there": False}}
    await act(friends, asked, inquiry, "correct", body, expect=409)
    async with asking.parts.database.transaction(asking.parts.actor) as tx:
        await queue_message(OTHER, "yipan.inquiry.corrected.v1", UUID(inquiry), body, tx)
    await settled(friends)
    assert await asking.fetch("SELECT 1 FROM messages_out WHERE state = 'failed'")
    assert (await asked.call("GET", f"/inquiries/{inquiry}"))["answer"]["lives_there"] is True


async def test_a_question_is_withdrawn_or_called_wrong_once_it_is_over(
    friends: Federation,
) -> None:
    asking, asked = friends[COUNTY], friends[OTHER]
    await deliver_twice(asking, make_arrival(origin_region="420325"))
    first = await opened(friends)
    await states_it(asking, first, "question")
    await decided(asking, friends, True)
    assert (await asked.call("GET", f"/inquiries/{first}"))["state"] == "withdrawn"
    second = await opened(friends)
    await act(friends, asked, second, "answer", ANSWER)
    await act(friends, asking, second, "close", {"correct": True})
    await home_knows_her(friends)
    made = await states_it(asked, second, "question")  # stated where it was answered
    assert (made["direction"], made["peer"]) == ("out", COUNTY)
    await settled(friends)
    await decided(asking, friends, True)
    view = await asked.call("GET", f"/inquiries/{second}")
    assert (view["state"], view["steps"][-1]["verb"]) == ("closed", "correct")


async def test_a_link_that_a_desk_made_by_mistake_is_undone(friends: Federation) -> None:
    here = friends[COUNTY]
    await deliver_twice(here, make_arrival(origin_region="420325"))
    body = make_inquiry(subject={"name": "李四", "id_number": ELSE}, person_id=str(PERSON))
    slip = (await here.call("POST", "/inquiries", body, expect=201))["id"]
    assert await looks(here) == ["inquiry"]
    await states_it(here, slip, "answer", expect=404)  # it names somebody else
    await states_it(here, slip, "link")
    await decided(here, friends, True)
    assert "inquiry" not in await looks(here)
    export = await hers(here, "GET", "export")
    assert export["linked_inquiries"] == [] and export["inquiries"] == []
    assert [each["about"] for each in export["objections"]] == ["link"]
    other = new_id()
    await deliver_twice(here, make_arrival(person_id=other, id_number=ELSE, name="李四"))
    token = here.issuer.token(scope="self", sub=str(other), region=here.region)
    async with client_of(here.app, token, {"X-Road-UserId": "x"}) as client:
        path = "/exchange/datatracker/v2/findUsage"
        answer = await client.get(path, params={"userCode": str(other)})
    assert answer.json()["totalUsages"] == 1  # it is his now
    own = await opened(friends)
    await states_it(here, own, "link", expect=404)  # it does name her


async def test_what_an_employer_answered_is_looked_at_by_the_county_that_asked(
    friends: Federation,
) -> None:
    """The employer hears nothing of her beyond its own question."""
    here = friends[COUNTY]
    inquiry = await answered(friends)
    await here.fetch("UPDATE participants SET level = 'employer' WHERE id = $1", OTHER)
    made = await states_it(here, inquiry, "answer")
    assert (made["direction"], made["peer"]) == ("own", None)
    before = len(await here.fetch("SELECT 1 FROM messages_out"))
    await decided(here, friends, True, remedy={"answer": {"lives_there": False}})
    assert len(await here.fetch("SELECT 1 FROM messages_out")) == before
    view = await here.call("GET", f"/inquiries/{inquiry}")
    assert view["answer"]["lives_there"] is False


# refused, and appealed


async def test_a_refusal_is_reasoned_and_reviewed_by_somebody_else(friends: Federation) -> None:
    here = friends[COUNTY]
    notice = await told_of_her(friends)
    made = (await states_it(here, notice, "notice"))["id"]
    appeal = {"reason": "当天我在外地,有车票"}
    early = await as_herself(here, "POST", f"/objections/{made}/appeal", appeal, expect=409)
    assert early["type"].endswith("not-refused")
    body = {"granted": False, "reason": "短"}
    await here.call("POST", f"/objections/{made}/decision", body, expect=422)
    await decided(here, friends, False)
    view = await as_herself(here, "POST", f"/objections/{made}/appeal", appeal, expect=201)
    assert (view["status"], view["reason"]) == ("open", appeal["reason"])
    await as_herself(here, "POST", f"/objections/{made}/appeal", appeal, expect=409)
    waiting = await states_it(here, notice, "notice", expect=409)
    assert waiting["type"].endswith("already-asked") and waiting["objection_id"] == made
    path = f"/objection-appeals/{view['id']}"
    decision = {"granted": True, "reason": BECAUSE, "remedy": {"void": True}}
    for how, reason in (({}, "decided-it-first"), ({"region": "420325100"}, "not-of-the-county")):
        refused = await here.call("POST", f"{path}/decision", decision, expect=403, **how)
        assert refused["reason"] == reason
    done = await here.call("POST", f"{path}/decision", decision, sub="reviewer-1")
    assert (done["status"], done["decision_reason"]) == ("granted", BECAUSE)
    await here.call("POST", f"{path}/decision", decision, sub="reviewer-1", expect=409)
    await settled(friends)
    assert (await friends[OTHER].call("GET", f"/notices/{notice}"))["void"]
    (mine,) = await as_herself(here, "GET", "/me/objections")
    assert (mine["status"], mine["appeal"]["status"]) == ("refused", "granted")
    said = await here.bus.hears("objection-decided", 2)
    assert [(each["granted"], each["appealed"]) for each in said] == [(False, False), (True, True)]


async def test_an_appeal_goes_to_the_county_that_refused(friends: Federation) -> None:
    asking, asked = friends[COUNTY], friends[OTHER]
    inquiry = await answered(friends)
    made = (await states_it(asking, inquiry, "answer"))["id"]
    await settled(friends)
    await decided(asked, friends, False)
    appeal = {"reason": "当天我在外地,有车票"}
    view = await as_herself(asking, "POST", f"/objections/{made}/appeal", appeal, expect=201)
    await settled(friends)
    path = f"/objection-appeals/{view['id']}/decision"
    body: dict[str, Any] = {"granted": True, "reason": BECAUSE}
    body["remedy"] = {"answer": {"lives_there": False}}
    await asking.call("POST", path, body, expect=409, sub="reviewer-1")
    await asked.call("POST", f"/objections/{made}/appeal", appeal, expect=404)  # not stated there
    assert [e["id"] for e in (await asked.call("GET", "/objection-appeals"))["items"]] == [
        view["id"]
    ]
    await asked.call("POST", path, body, sub="reviewer-1")
    await settled(friends)
    mine = await as_herself(asking, "GET", f"/objections/{made}")
    assert mine["appeal"]["status"] == "granted"
    assert (await asking.call("GET", f"/inquiries/{inquiry}"))["answer"]["lives_there"] is False
    said = await asking.bus.hears("objection-decided", 2)
    assert [(each["granted"], each["appealed"]) for each in said] == [(False, False), (True, True)]


async def test_one_that_the_peer_never_got_is_decided_here(friends: Federation) -> None:
    """A county that is away for good must not keep her waiting."""
    here, home = friends[COUNTY], friends[OTHER]
    notice = await told_of_her(friends)
    await home_knows_her(friends)
    friends.network.cut.add(COUNTY)
    made = await states_it(home, notice, "notice")
    path = f"/objections/{made['id']}/decision"
    body = {"granted": True, "reason": BECAUSE, "remedy": {"void": True}}
    await home.call("POST", path, body, expect=409)  # it may arrive yet
    await home.fetch(
        "UPDATE messages_out SET state = 'given-up' WHERE kind LIKE 'yipan.objection.%' RETURNING 1"
    )
    view = await home.call("POST", path, body)
    assert (view["direction"], view["peer"], view["status"]) == ("own", None, "granted")
    assert (await home.call("GET", f"/notices/{notice}"))["void"]
    assert len(await home.bus.hears("notice-amended")) == 1  # the register here follows
    friends.network.cut.clear()
    await settled(friends)
    assert not (await here.call("GET", f"/notices/{notice}"))["void"]  # whose it is says otherwise


async def test_an_appeal_is_reviewed_here_once_its_county_takes_no_part(
    friends: Federation,
) -> None:
    asking, asked = friends[COUNTY], friends[OTHER]
    inquiry = await answered(friends)
    made = (await states_it(asking, inquiry, "answer"))["id"]
    await settled(friends)
    await decided(asked, friends, False)
    view = await as_herself(
        asking, "POST", f"/objections/{made}/appeal", {"reason": WHY}, expect=201
    )
    await settled(friends)
    await asking.fetch("UPDATE participants SET revoked_at = now() WHERE id = $1", OTHER)
    path = f"/objection-appeals/{view['id']}/decision"
    body: dict[str, Any] = {"granted": True, "reason": BECAUSE}
    await asking.call("POST", path, body | {"remedy": {"answer": {}}}, expect=422)
    await asking.call("POST", path, body | {"remedy": {"answer": {"lives_there": False}}})
    assert (await asking.call("GET", f"/inquiries/{inquiry}"))["answer"]["lives_there"] is False
    mine = await as_herself(asking, "GET", f"/objections/{made}")
    assert (mine["direction"], mine["appeal"]["status"]) == ("own", "granted")


# who may, and what nobody may


async def test_who_may_object_and_decide(friends: Federation) -> None:
    here = friends[COUNTY]
    notice = await told_of_her(friends)
    other = await here.call("POST", "/notices", make_notice(id_number=ELSE), expect=201)
    body = objection(notice, "notice")
    await as_herself(here, "POST", "/objections", body, expect=400, purpose=None)
    await as_herself(here, "POST", "/objections", body, expect=404, sub=str(new_id()))
    await as_herself(here, "POST", "/objections", body, expect=403, scope="exchange:read")
    for wrong in ({"about": "person"}, {"reason": "短"}, {"extra": 1}, {"record_id": "x"}):
        await as_herself(here, "POST", "/objections", body | wrong, expect=422)
    for stray in (other["id"], str(new_id())):  # of somebody else, or of nobody
        await states_it(here, stray, "notice", expect=404)
    await states_it(here, notice, "question", expect=404)
    # a desk for her
    made = await here.call("POST", "/objections", body, expect=201)
    path = f"/objections/{made['id']}"
    assert (await as_herself(here, "GET", path))["id"] == made["id"]
    await as_herself(here, "GET", path, expect=404, sub=str(new_id()))
    await as_herself(here, "GET", "/me/objections", expect=404, sub=str(new_id()))
    await as_herself(here, "GET", "/me/objections", expect=403, scope="exchange:write")
    await as_herself(here, "GET", "/me/objections", expect=403, purpose="service")
    await as_herself(here, "POST", f"{path}/decision", {}, expect=403)
    decision = {"granted": False, "reason": BECAUSE}
    await here.call("POST", f"{path}/decision", decision, expect=403, scope="exchange:read")
    await here.call("POST", f"{path}/decision", decision, expect=404, region="420325101")
    await here.call("POST", f"{path}/decision", decision, expect=404, region="110101")
    await here.call("GET", path, expect=404, region="110101")
    assert (await here.call("GET", "/objections", region="110101"))["items"] == []
    assert (await here.call("GET", "/objections?overdue=true"))["items"] == []
    await here.fetch("UPDATE objections SET due_on = $1", today().replace(year=2025))
    assert len((await here.call("GET", "/objections?overdue=true"))["items"]) == 1
    await here.call("POST", f"{path}/decision", decision, region="420325100")


async def test_there_is_nothing_to_object_to_in_what_was_not_said(friends: Federation) -> None:
    here = friends[COUNTY]
    await deliver_twice(here, make_arrival(origin_region="420325"))
    inquiry = await opened(friends)
    refused = await states_it(here, inquiry, "answer", expect=409)
    assert refused["type"].endswith("nothing-to-object-to")
    await act(friends, here, inquiry, "withdraw")
    await hers(here, "POST", "erasure")
    await states_it(here, inquiry, "question", expect=409)


async def test_peers_object_to_what_they_were_told_and_decide_what_they_said(
    friends: Federation,
) -> None:
    """The door takes an objection from whoever was told, once, and a decision from whoever said
    it."""
    here, home, city = friends[COUNTY], friends[OTHER], friends[CITY]
    notice = await told_of_her(friends)
    await home_knows_her(friends)
    made = await states_it(home, notice, "notice")
    await settled(friends)
    stated = {"objection_id": str(new_id()), "about": "notice", "reason": WHY}
    decision = {"objection_id": made["id"], "granted": True, "reason": BECAUSE}
    appealed = {"objection_id": made["id"], "appeal_id": str(new_id()), "reason": WHY}
    forged: list[tuple[Node, str, str, str, dict[str, Any]]] = [
        (city, COUNTY, "stated", notice, stated),  # was not told
        (home, COUNTY, "stated", str(new_id()), stated),  # about nothing
        (home, COUNTY, "stated", notice, stated | {"objection_id": made["id"]}),  # known
        (home, COUNTY, "stated", notice, stated | {"about": "link"}),
        (home, COUNTY, "stated", notice, stated | {"name": "王芳"}),
        (home, COUNTY, "decided", notice, decision),  # not hers to decide there
        (city, OTHER, "decided", notice, decision),  # did not say it
        (here, OTHER, "decided", str(new_id()), decision),  # of another record
        (here, OTHER, "reviewed", notice, decision),  # nobody has appealed
        (home, COUNTY, "appealed", notice, appealed),  # nothing is refused yet
    ]
    for node, to, word, record, said in forged:
        async with node.parts.database.transaction(node.parts.actor) as tx:
            await queue_message(to, f"yipan.objection.{word}.v1", UUID(record), said, tx)
    await settled(friends)
    for node in (here, home, city):
        sent = sum(each[0] is node for each in forged)
        failed = await node.fetch("SELECT 1 FROM messages_out WHERE state = 'failed'")
        assert len(failed) == sent, node.id
    assert len((await here.call("GET", "/objections"))["items"]) == 1
    (mine,) = await as_herself(home, "GET", "/me/objections")
    assert mine["status"] == "open"


# hers: seen, exported, erased


async def test_looks_at_an_objection_are_hers(friends: Federation) -> None:
    here = friends[COUNTY]
    notice = await told_of_her(friends)
    made = await states_it(here, notice, "notice")
    before = len(await looks(here))
    await here.call("GET", f"/objections/{made['id']}")
    await here.call("GET", "/objections")
    assert (await looks(here))[:2] == ["objection", "objection"]
    assert len(await looks(here)) == before + 2


async def test_one_that_came_from_a_peer_is_seen_and_exported_as_hers(
    friends: Federation,
) -> None:
    here, home = friends[COUNTY], friends[OTHER]
    notice = await told_of_her(friends)
    await home_knows_her(friends)
    await states_it(home, notice, "notice")
    await settled(friends)
    await here.call("GET", "/objections")
    assert "objection" in await looks(here)
    export = await hers(here, "GET", "export")
    assert [each["reason"] for each in export["objections"]] == [WHY]


async def test_what_waits_is_held_and_what_is_decided_goes(friends: Federation) -> None:
    asking, asked = friends[COUNTY], friends[OTHER]
    inquiry = await answered(friends)
    await act(friends, asking, inquiry, "close", {"correct": True})
    made = (await states_it(asking, inquiry, "answer"))["id"]
    await settled(friends)
    erasure = kinds(await hers(asking, "POST", "erasure"))
    assert (erasure["matters-under-way"], erasure["inquiries"]) == ((0, 1), (0, 0))
    assert erasure["objections"] == (0, 0)
    await decided(asked, friends, False)
    await as_herself(asking, "POST", f"/objections/{made}/appeal", {"reason": WHY}, expect=201)
    await settled(friends)
    assert kinds(await hers(asking, "POST", "erasure"))["matters-under-way"] == (0, 1)
    (appeal,) = (await asked.call("GET", "/objection-appeals?status=open"))["items"]
    path, body = f"/objection-appeals/{appeal['id']}/decision", {"granted": False}
    await asked.call("POST", path, body | {"reason": BECAUSE}, sub="reviewer-1")
    await settled(friends)
    erasure = kinds(await hers(asking, "POST", "erasure"))
    assert (erasure["inquiries"], erasure["objections"]) == ((1, 0), (1, 0))
    (mine,) = await as_herself(asking, "GET", "/me/objections")
    assert (mine["reason"], mine["decision_reason"], mine["status"]) == (None, None, "refused")
    assert (mine["appeal"]["reason"], mine["appeal"]["status"]) == (None, "upheld")
    assert not await asking.fetch("SELECT 1 FROM messages_in WHERE envelope_sealed IS NOT NULL")
    assert kinds(await hers(asking, "POST", "erasure"))["objections"] == (0, 0)
    await as_herself(asking, "POST", f"/objections/{made}/appeal", {"reason": WHY}, expect=404)


async def test_the_second_wall_stands(friends: Federation) -> None:
    here = friends[COUNTY]
    notice = await told_of_her(friends)
    made = (await states_it(here, notice, "notice"))["id"]
    await decided(here, friends, False)
    await as_herself(here, "POST", f"/objections/{made}/appeal", {"reason": WHY}, expect=201)
    async with here.parts.database.transaction(here.parts.actor) as tx:
        for table in ("objections", "objection_appeals"):
            assert await tx.fetch(f"SELECT 1 FROM {table}")
            for region in ("110101", "420325101", ""):
                await tx.execute("SELECT set_config('yipan.region', $1, true)", region)
                assert not await tx.fetch(f"SELECT 1 FROM {table}"), (table, region)
            await tx.execute("SELECT set_config('yipan.region', $1, true)", here.region)
        (row,) = await tx.find(Objection, "SELECT * FROM objections")
        assert WHY.encode() not in (row.reason_sealed or b"") and id_number() not in repr(row)
