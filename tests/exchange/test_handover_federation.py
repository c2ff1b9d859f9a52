"""Handing a record over between two running counties, whatever is cut or crashes on the way."""

from typing import Any
from uuid import UUID

import httpx
import pytest

from services.exchange.messages.models import Delivery
from shared.events.base import Event
from shared.events.registry import PersonsMerged, RecordNotFound, RecordWritingStopped
from shared.ids import new_id
from shared.testing import client_of
from tests.exchange.federation import CITY, COUNTY, OTHER, Federation, Node, eventually, settled
from tests.exchange.samples import id_number, make_handover
from tests.exchange.test_notices import deliver_twice


class Register:
    """A county's registry as the exchange knows it: hears of each event once and in order, says
    that it stopped, and knows whose records it would change."""

    def __init__(self, node: Node, *persons: UUID) -> None:
        self.node = node
        self.persons = {str(person) for person in persons}
        self.stopped: dict[str, str] = {}
        self._heard = 0

    async def works(self) -> None:
        """Take in what was said since the last time, and answer."""
        said = [
            (each["type"], each["data"])
            for each in self.node.bus.events
            if ".record-keeping-" in each["type"]
        ]
        for kind, data in said[self._heard :]:
            self._heard += 1
            person = data["person_id"]
            if "resumed" in kind:
                self.stopped.pop(person, None)
                continue
            told = {"person_id": UUID(person), "handover_id": UUID(data["handover_id"])}
            answer: Event = RecordNotFound(**told)
            if person in self.persons:
                self.stopped[person] = data["keeper"]
                answer = RecordWritingStopped(**told)
            await deliver_twice(self.node, answer)

    def writes(self, person: UUID) -> bool:
        return str(person) in self.persons and str(person) not in self.stopped


class Pair:
    """Two counties with a record of the same woman each."""

    def __init__(self, friends: Federation) -> None:
        self.friends = friends
        self.here, self.there = friends[COUNTY], friends[OTHER]
        self.hers, self.theirs = new_id(), new_id()
        self.ours = Register(self.here, self.hers)
        self.others = Register(self.there, self.theirs)
        self.seen: list[tuple[bool, bool]] = []

    async def offer(self, **overrides: Any) -> str:
        body = make_offer(self.hers) | overrides
        view = await self.here.call("POST", "/handovers", body, expect=201)
        return str(view["id"])

    async def accept(self, handover: str, expect: int = 200) -> Any:
        body = {"person_id": str(self.theirs)}
        path = f"/handovers/{handover}/acceptance"
        return await self.there.call("POST", path, body, expect=expect)

    async def run(self) -> None:
        """Until neither the line nor a registry has anything to do; who writes is looked at after
        each single step of a registry."""
        for _ in range(4):
            await settled(self.friends)
            for register in (self.ours, self.others):
                await published(register.node)
                await register.works()
                self.seen.append((self.ours.writes(self.hers), self.others.writes(self.theirs)))

    async def stages(self, handover: str) -> list[str]:
        nodes = (self.here, self.there)
        return [(await node.call("GET", f"/handovers/{handover}"))["stage"] for node in nodes]

    async def keepers(self) -> list[str | None]:
        ours = await self.here.call("GET", f"/keepings/{self.hers}")
        others = await self.there.call("GET", f"/keepings/{self.theirs}")
        return [ours["keeper"], others["keeper"]]


def make_offer(person: UUID) -> dict[str, Any]:
    return make_handover(person_id=str(person))


async def published(node: Node) -> None:
    """Until the bus has all that the node said."""

    async def empty() -> bool:
        return not await node.fetch("SELECT 1 FROM outbox WHERE published_at IS NULL")

    await eventually(empty)


@pytest.fixture
def pair(friends: Federation) -> Pair:
    return Pair(friends)


async def test_a_record_goes_from_one_county_to_the_other_and_back(pair: Pair) -> None:
    handover = await pair.offer()
    await settled(pair.friends)
    offered = await pair.there.call("GET", "/handovers?role=taker&stage=offered")
    assert [each["id"] for each in offered["items"]] == [handover]
    assert "王芳" not in str(offered)
    view = await pair.there.call("GET", f"/handovers/{handover}")
    assert (view["name"], view["id_number"], view["keeper"]) == ("王芳", id_number(), COUNTY)
    await pair.accept(handover)
    await pair.run()
    assert await pair.stages(handover) == ["taken", "taken"]
    assert await pair.keepers() == [OTHER, OTHER]
    assert pair.seen[-1] == (False, True)
    # the giver's registry stopped before the taker's wrote again
    assert (True, True) not in pair.seen[1:]
    refused = await pair.here.call("POST", "/handovers", make_offer(pair.hers), expect=409)
    assert refused["type"].endswith("not-kept-here") and refused["keeper"] == OTHER
    # back again: her record there is the same one, so nobody else ever writes it
    body = make_offer(pair.theirs) | {"region": "420381", "to_region": "420325"}
    back = (await pair.there.call("POST", "/handovers", body, expect=201))["id"]
    await settled(pair.friends)
    took = {"person_id": str(pair.hers)}
    pair.seen.clear()
    await pair.here.call("POST", f"/handovers/{back}/acceptance", took)
    await pair.run()
    assert await pair.keepers() == [COUNTY, COUNTY]
    assert pair.seen[-1] == (True, False) and (True, True) not in pair.seen
    kept = await pair.here.call("GET", f"/keepings/{pair.hers}")
    assert (kept["epoch"], kept["here"]) == (2, True)
    assert "王芳" not in str(pair.here.bus.events) + str(pair.there.bus.events)


async def test_an_answer_that_is_lost_after_it_was_applied_changes_nothing(pair: Pair) -> None:
    """Whoever gets a word commits it and dies before the receipt leaves: each word comes twice."""
    lost: set[str] = set()

    def crash(peer: str) -> None:
        message = pair.friends.network.sent[-1][1]["header"]["message_id"]
        if message not in lost:
            lost.add(message)
            raise httpx.ReadError("lost")

    handover = await pair.offer()
    await settled(pair.friends)
    pair.friends.network.before_answer = crash
    await pair.accept(handover)
    await pair.run()
    sent = [body["header"]["message_id"] for _, body in pair.friends.network.sent]
    assert len(lost) == 3 and all(sent.count(each) == 2 for each in lost)
    assert await pair.stages(handover) == ["taken", "taken"]
    assert await pair.keepers() == [OTHER, OTHER]
    assert (True, True) not in pair.seen[1:]


async def test_while_the_line_is_cut_there_is_nobody_and_never_two(pair: Pair) -> None:
    handover = await pair.offer()
    await settled(pair.friends)
    await pair.accept(handover)
    await pair.there.bus.hears("record-keeping-stopped")
    await pair.others.works()
    await pair.here.bus.hears("record-keeping-stopped")
    pair.friends.network.cut.add(OTHER)
    await pair.ours.works()
    assert await pair.stages(handover) == ["released", "accepted"]
    assert (pair.ours.writes(pair.hers), pair.others.writes(pair.theirs)) == (False, False)
    assert (await pair.here.call("GET", f"/keepings/{pair.hers}"))["keeper"] is None
    withdrawal = f"/handovers/{handover}/withdrawal"
    await pair.here.call("POST", withdrawal, {"reason": "误提"}, expect=409)
    pair.friends.network.cut.clear()
    await pair.here.fetch("UPDATE messages_out SET next_attempt_at = now()")
    await pair.run()
    assert pair.seen[-1] == (False, True)
    assert await pair.stages(handover) == ["taken", "taken"]


async def test_withdrawn_while_the_other_accepts(pair: Pair) -> None:
    handover = await pair.offer()
    await settled(pair.friends)
    pair.friends.network.cut |= {COUNTY, OTHER}
    await pair.here.call("POST", f"/handovers/{handover}/withdrawal", {"reason": "本人不同意"})
    await pair.accept(handover)
    await pair.there.bus.hears("record-keeping-stopped")
    await pair.others.works()
    pair.friends.network.cut.clear()
    for node in (pair.here, pair.there):
        await node.fetch("UPDATE messages_out SET next_attempt_at = now()")
    await pair.run()
    assert await pair.stages(handover) == ["withdrawn", "withdrawn"]
    assert pair.seen[-1] == (True, True)  # two separate records, as before
    view = await pair.there.call("GET", f"/handovers/{handover}")
    assert (view["note"], view["person_id"]) == ("本人不同意", None)
    assert (await pair.here.call("GET", f"/keepings/{pair.hers}"))["here"] is True
    # and offered once more, this time it is declined
    again = await pair.offer()
    await settled(pair.friends)
    declination = f"/handovers/{again}/declination"
    await pair.there.call("POST", declination, {"reason": "并未落户"})
    await settled(pair.friends)
    assert await pair.stages(again) == ["declined", "declined"]
    await pair.there.call("POST", declination, {"reason": "并未落户"}, expect=409)
    await pair.accept(again, expect=409)


async def test_a_record_that_is_not_there_is_not_handed_over(pair: Pair) -> None:
    handover = await pair.offer()
    await settled(pair.friends)
    pair.others.persons.clear()
    await pair.accept(handover)
    await pair.run()
    assert await pair.stages(handover) == ["offered", "offered"]  # the desk may give the right one
    pair.others.persons.add(str(pair.theirs))
    pair.ours.persons.clear()
    await pair.accept(handover)
    await pair.run()
    assert await pair.stages(handover) == ["withdrawn", "withdrawn"]
    assert pair.others.writes(pair.theirs)


async def test_what_is_refused(pair: Pair) -> None:
    here, there = pair.here, pair.there
    offer = make_offer(pair.hers)
    await here.call("POST", "/handovers", offer, expect=403, scope="exchange:read")
    await here.call("POST", "/handovers", offer, expect=403, region="420381")
    await here.call("POST", "/handovers", offer | {"region": "420381"}, expect=403)
    await here.call("POST", "/handovers", offer | {"to_region": "110101"}, expect=409)
    await here.call("POST", "/handovers", offer | {"to_node": CITY}, expect=422)
    await here.call("POST", "/handovers", offer | {"children": 2}, expect=422)
    await here.call("POST", "/handovers", offer | {"id_number": "42"}, expect=422)
    handover = await pair.offer()
    refused = await here.call("POST", "/handovers", offer, expect=409)
    assert refused["type"].endswith("handover-open") and refused["handover_id"] == handover
    await settled(pair.friends)
    path = f"/handovers/{handover}"
    await here.call("GET", path, expect=404, region="420381")
    await there.call("POST", f"{path}/acceptance", {}, expect=422)
    await here.call("POST", f"{path}/acceptance", {"person_id": str(pair.hers)}, expect=409)
    await there.call("POST", f"{path}/withdrawal", {"reason": "x"}, expect=409)
    token = here.issuer.token(scope="exchange:read exchange:write", region=here.region)
    async with client_of(here.app, token) as client:
        for url in (path, f"/keepings/{pair.hers}"):
            assert (await client.get(f"/exchange/v1{url}")).status_code == 400
    await here.call("POST", f"{path}/withdrawal", {"reason": "x"})
    await settled(pair.friends)
    # the other county cannot offer what it does not keep, under another name of the same record
    keeping = (await here.fetch("SELECT id FROM keepings"))[0]["id"]
    await there.fetch("UPDATE keepings SET person_id = $1, keeper = $2", pair.theirs, OTHER)
    body = make_offer(pair.theirs) | {"region": "420381", "to_region": "420325"}
    await there.call("POST", "/handovers", body, expect=201)
    await settled(pair.friends)
    (last,) = await there.fetch(
        "SELECT state, last_error FROM messages_out WHERE subject_id = $1", keeping
    )
    assert (last["state"], last["last_error"]) == (Delivery.FAILED, "403 err.request.forbidden")
    assert (await here.call("GET", f"/keepings/{pair.hers}"))["keeper"] == COUNTY


async def test_a_merge_takes_the_keeping_along_and_looks_are_hers(pair: Pair) -> None:
    handover, kept = await pair.offer(), new_id()
    await deliver_twice(pair.here, PersonsMerged(kept_id=kept, merged_id=pair.hers))
    view = await pair.here.call("GET", f"/handovers/{handover}")
    assert view["person_id"] == str(kept)
    token = pair.here.issuer.token(scope="self", sub=str(kept))
    async with client_of(pair.here.app, token, {"X-Road-UserId": "portal"}) as client:
        url = f"/exchange/datatracker/v2/findUsage?userCode={kept}"
        looks = (await client.get(url)).json()
    assert looks["totalUsages"] == 2
