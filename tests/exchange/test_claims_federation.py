"""Words about claims between two counties, over the wire."""

from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from services.exchange.notices import schemas
from services.exchange.notices.schemas import CONTENT
from shared.clock import today
from shared.events.base import Event
from shared.events.migrant_claims import ClaimAnswered, ClaimStepTaken, ClaimSubmitted
from shared.ids import new_id
from tests.exchange.federation import COUNTY, OTHER, Federation, Node, settled
from tests.exchange.samples import id_number
from tests.exchange.test_messages_door import Peer
from tests.exchange.test_messages_door import peer as peer
from tests.exchange.test_notices import deliver_twice

CLAIM = new_id()
CARD = "6222020000000000000"


def make_claim(**overrides: Any) -> ClaimSubmitted:
    values: dict[str, Any] = {
        "claim_id": CLAIM,
        "person_id": new_id(),
        "region": "420325100001",
        "payer": "home",
        "payer_region": "420381",
        "service": "basic-service",
        "served_on": today() - timedelta(days=9),
        "amount_fen": 4550,
        "name": "王芳",
        "id_number": id_number(),
        "provider": "高碑社区卫生服务站",
        "account": CARD,
        "revision": 1,
        "rule": "在现居住地自付的基本服务项目费用",
        "rule_since": "2010-01-01",
        "rule_source": "某市流动人口管理办法",
        "submitted_on": today(),
        "decide_by": today() + timedelta(days=30),
        "pay_days": 30,
    }
    return ClaimSubmitted(**(values | overrides))


def make_step(step: str, revision: int = 2, **overrides: Any) -> ClaimStepTaken:
    values: dict[str, Any] = {
        "claim_id": CLAIM,
        "person_id": new_id(),
        "region": "420325100001",
        "payer_region": "420381",
        "revision": revision,
        "step": step,
        "taken_on": today(),
        "decide_by": None,
        "objection": None,
        "reference": None,
    }
    return ClaimStepTaken(**(values | overrides))


def make_answer(number: int = 1, standing: str = "received", **overrides: Any) -> ClaimAnswered:
    values: dict[str, Any] = {
        "claim_id": CLAIM,
        "region": "420381",
        "to_region": "420325100001",
        "revision": 1,
        "number": number,
        "standing": standing,
        "answered_on": today(),
        "granted_fen": None,
        "paid_fen": None,
        "reason": None,
        "decided_on": None,
        "paid_on": None,
        "list_reference": None,
        "reference": None,
    }
    return ClaimAnswered(**(values | overrides))


async def kinds_of(node: Node) -> list[str]:
    return [each["kind"] for each in (await node.call("GET", "/notices"))["items"]]


async def test_a_claim_goes_and_its_answer_comes_back(friends: Federation) -> None:
    here, home = friends[COUNTY], friends[OTHER]
    await deliver_twice(here, make_claim())
    (claim,) = await home.bus.hears("claim-received")
    assert (claim["from_region"], claim["payer_region"]) == ("420325100001", "420381")
    assert (claim["amount_fen"], claim["pay_days"]) == (4550, 30)
    assert claim["served_on"] == str(today() - timedelta(days=9))
    for secret in ("王芳", id_number(), CARD, "高碑社区卫生服务站"):
        assert secret not in str(claim)
    assert home.bus.said("notice-received") == []  # it is not a matter of the register

    refused = make_answer(
        2, "refused", decided_on=today(), reason="票据不清", reference="inquiry-1"
    )
    await deliver_twice(home, refused)
    (answer,) = await here.bus.hears("claim-answer-received")
    assert (answer["number"], answer["standing"], answer["from_region"]) == (2, "refused", "420381")
    assert answer["reference"] == "inquiry-1"
    assert "票据不清" not in str(answer)

    objected = make_step("objected", objection="票据清楚", decide_by=today())
    await deliver_twice(here, objected)
    (step,) = await home.bus.hears("claim-step-received")
    assert (step["revision"], step["step"], step["taken_on"]) == (2, "objected", str(today()))
    await settled(friends)
    assert await kinds_of(here) == await kinds_of(home)

    (last, *_) = (await home.call("GET", "/notices?kind=claim-submitted"))["items"]
    view = await home.call("GET", f"/notices/{last['id']}")
    assert (view["content"]["id_number"], view["content"]["amount_fen"]) == (id_number(), 4550)
    assert view["content"]["account"] == "6222***********0000"


async def test_what_nobody_takes_waits_in_its_last_version_and_goes_by_itself(
    strangers: Federation,
) -> None:
    here, home = strangers[COUNTY], strangers[OTHER]
    await deliver_twice(here, make_claim())
    await deliver_twice(here, make_claim(revision=2, amount_fen=3000))
    items = (await here.call("GET", "/notices"))["items"]
    assert [(each["deliverable"], each["void"]) for each in items] == [
        (False, False),
        (False, True),
    ]
    await strangers.admit_all()
    (claim,) = await home.bus.hears("claim-received")
    assert (claim["revision"], claim["amount_fen"]) == (2, 3000)
    await settled(strangers)
    assert len(home.bus.said("claim-received")) == 1


async def test_what_is_taken_back_before_it_could_leave_is_never_heard_of(
    strangers: Federation,
) -> None:
    here, home = strangers[COUNTY], strangers[OTHER]
    await deliver_twice(here, make_claim())
    await deliver_twice(here, make_step("withdrawn"))
    (item,) = (await here.call("GET", "/notices"))["items"]
    assert item["void"]
    (never,) = await here.bus.hears("claim-never-left")
    assert (never["claim_id"], never["revision"]) == (str(CLAIM), 2)
    await strangers.admit_all()
    await deliver_twice(here, make_claim(claim_id=new_id(), amount_fen=1))
    (claim,) = await home.bus.hears("claim-received")
    await settled(strangers)
    assert claim["amount_fen"] == 1
    assert home.bus.said("claim-step-received") == []


async def test_what_is_taken_back_afterwards_is_told(friends: Federation) -> None:
    here, home = friends[COUNTY], friends[OTHER]
    await deliver_twice(here, make_claim())
    await home.bus.hears("claim-received")
    await deliver_twice(here, make_step("withdrawn"))
    (step,) = await home.bus.hears("claim-step-received")
    assert (step["step"], step["objection"]) == ("withdrawn", None)
    assert here.bus.said("claim-never-left") == []


async def test_what_left_before_is_taken_back_there_though_the_last_word_still_waits(
    friends: Federation,
) -> None:
    """Nobody answers for the region any more; what was heard while somebody did may yet be paid."""
    here, nobody = friends[COUNTY], {"payer_region": "110101"}
    await deliver_twice(here, make_claim())
    await deliver_twice(here, make_claim(revision=2, amount_fen=3000, **nobody))
    await deliver_twice(here, make_step("withdrawn", 3, **nobody))
    assert here.bus.said("claim-never-left") == []
    items = (await here.call("GET", "/notices"))["items"]
    assert [(each["kind"], each["deliverable"], each["void"]) for each in items] == [
        ("claim-step", False, False),
        ("claim-submitted", False, True),
        ("claim-submitted", True, False),
    ]


async def test_whatever_was_said_of_it_a_claim_that_never_left_never_leaves(
    friends: Federation,
) -> None:
    here, nobody = friends[COUNTY], {"payer_region": "110101"}
    await deliver_twice(here, make_claim(**nobody))
    await deliver_twice(here, make_step("disputed", 2, **nobody))
    await deliver_twice(here, make_step("withdrawn", 3, **nobody))
    (never,) = await here.bus.hears("claim-never-left")
    assert (never["claim_id"], never["revision"]) == (str(CLAIM), 3)
    items = (await here.call("GET", "/notices"))["items"]
    assert [(each["kind"], each["void"]) for each in items] == [
        ("claim-step", True),
        ("claim-submitted", True),
    ]


@pytest.mark.parametrize(
    "payer",
    [
        {"payer": "employer", "payer_region": None},
        {"payer": "insurance", "payer_region": "420381"},
    ],
)
async def test_other_payers_get_no_message(friends: Federation, payer: dict[str, Any]) -> None:
    nobody = dict.fromkeys(("name", "id_number", "provider", "account"))
    await deliver_twice(friends[COUNTY], make_claim(**payer, **nobody))
    assert await kinds_of(friends[COUNTY]) == []
    assert friends[COUNTY].bus.said("claim-received") == []


async def test_a_county_that_pays_itself_hears_it_without_a_message(friends: Federation) -> None:
    here = friends[COUNTY]
    await deliver_twice(here, make_claim(payer_region="420325"))
    (claim,) = await here.bus.hears("claim-received")
    assert claim["payer_region"] == "420325"
    await deliver_twice(here, make_answer(region="420325"))
    await here.bus.hears("claim-answer-received")
    await deliver_twice(here, make_step("confirmed", payer_region="420325"))
    await here.bus.hears("claim-step-received")
    assert await kinds_of(here) == []


@pytest.mark.parametrize(
    ("kind", "model", "said", "heard"),
    [
        ("claim-submitted", schemas.ClaimSubmitted, make_claim(), "claim-received"),
        ("claim-step", schemas.ClaimStep, make_step("withdrawn"), "claim-step-received"),
        ("claim-answer", schemas.ClaimAnswer, make_answer(), "claim-answer-received"),
    ],
)
async def test_nobody_speaks_for_a_region_that_another_answers_for(
    peer: Peer,
    friends: Federation,
    kind: str,
    model: type[schemas.ClaimWord],
    said: Event,
    heard: str,
) -> None:
    """The peer is a county of its own and signs well: money hangs on whose word it is."""
    fields = said.model_dump(mode="json", include=set(model.model_fields), exclude_none=True)
    for region, status in (("420325100001", 403), ("420382100001", 200)):
        told = fields | {"kind": kind, "region": region, "happened_on": str(today())}
        body = peer.content(kind=f"yipan.notice.{kind}.v1", content=told)
        answered, _ = await peer.send(peer.signed(body))
        assert answered == status, region
    home = friends[OTHER]
    (word,) = await home.bus.hears(heard)
    assert word["from_region"] == "420382100001"
    refused = await home.fetch("SELECT reason FROM refusals")
    assert [row["reason"] for row in refused] == ["NotAllowedToPeer"]


@pytest.mark.parametrize(
    "change",
    [
        {"amount_fen": 0},
        {"amount_fen": 45.5},
        {"amount_fen": "4550"},
        {"id_number": "420381199001011229"},
        {"account": "1"},
        {"certificate_id": "x"},
        {"children": 1},
        {"happened_on": "2999-01-01"},
        {"pay_days": 0},
        {"kind": "claim-step"},
        {"reference": "两 地"},
    ],
)
def test_the_wire_has_a_place_for_what_paying_needs_and_for_nothing_else(
    change: dict[str, Any],
) -> None:
    whole = {
        "kind": "claim-submitted",
        "region": "420325100001",
        "happened_on": str(today()),
        "claim_id": str(CLAIM),
        "revision": 1,
        "service": "basic-service",
        "rule": "基本服务",
        "rule_since": "2010-01-01",
        "rule_source": "办法",
        "amount_fen": 4550,
        "submitted_on": str(today()),
        "decide_by": str(today()),
        "pay_days": 30,
        "name": "王芳",
        "id_number": id_number(),
        "provider": "服务站",
        "account": CARD,
    }
    assert CONTENT.validate_python(whole)
    with pytest.raises(ValidationError):
        CONTENT.validate_python(whole | change)


def test_a_step_and_an_answer_name_nobody() -> None:
    word = {"region": "420325", "happened_on": str(today()), "claim_id": str(CLAIM), "revision": 1}
    step = word | {"kind": "claim-step", "step": "withdrawn"}
    answer = word | {"kind": "claim-answer", "number": 1, "standing": "paid"}
    for whole in (step, answer):
        assert CONTENT.validate_python(whole)
        for name, value in (("name", "王芳"), ("id_number", id_number()), ("account", CARD)):
            with pytest.raises(ValidationError):
                CONTENT.validate_python(whole | {name: value})
