"""Templates: what may stand in one, and what the service fills in."""

from typing import Any

import pytest

from services.exchange.errors import FieldsRefused
from services.exchange.inquiries.catalogue import kind_of
from services.exchange.inquiries.errors import PlaceholderRefused
from services.exchange.inquiries.template_rules import Part, check_template, fill
from shared.clock import today
from shared.ids import new_id
from shared.testing import client_of
from tests.exchange.federation import COUNTY, OTHER, Federation, Node, settled
from tests.exchange.samples import make_inquiry, make_template

KIND = kind_of("address-confirmation")


ANSWER = {
    "part": "answer",
    "title": "未居住",
    "fields": {
        "lives_there": False,
        "since": "{question.on}",
        "address": "截至{today}查无登记({question.address_region}),案号{reference}",
    },
}


@pytest.mark.parametrize(
    ("part", "fields", "error", "code"),
    [
        (Part.QUESTION, {"children": "{today}"}, FieldsRefused, "extra_forbidden"),
        (Part.QUESTION, {"children": 2}, FieldsRefused, "extra_forbidden"),
        (Part.QUESTION, {"on": "last week"}, FieldsRefused, "date"),
        (Part.QUESTION, {"on": "{their_region}"}, PlaceholderRefused, "placeholder-type"),
        (Part.QUESTION, {"on": "{today}之前"}, PlaceholderRefused, "placeholder-type"),
        (Part.QUESTION, {"address": "{name}"}, PlaceholderRefused, "unknown-placeholder"),
        (Part.QUESTION, {"address": "{question.on}"}, PlaceholderRefused, "unknown-placeholder"),
        (Part.QUESTION, {"address": "{due_on}"}, PlaceholderRefused, "unknown-placeholder"),
        (Part.ANSWER, {"lives_there": "{today}"}, PlaceholderRefused, "placeholder-type"),
        (
            Part.ANSWER,
            {"address": "{question.id_number}"},
            PlaceholderRefused,
            "unknown-placeholder",
        ),
        (Part.ANSWER, {"address": "{}"}, PlaceholderRefused, "unknown-placeholder"),
    ],
)
def test_a_field_holds_what_its_kind_lets_it(
    part: Part, fields: dict[str, Any], error: type[Any], code: str
) -> None:
    with pytest.raises(error) as refused:
        check_template(KIND, part, fields)
    assert [each["code"] for each in refused.value.extra["errors"]] == [code]


def test_what_is_not_known_is_left_to_the_clerk() -> None:
    fields = {"address_region": "{their_region}", "address": "至{today}", "on": "2026-05-01"}
    values, missing = fill(KIND, Part.QUESTION, fields, {"today": "2026-06-01"})
    assert values == {"address": "至2026-06-01", "on": "2026-05-01"}
    assert missing == ["address_region"]
    with pytest.raises(FieldsRefused):
        fill(KIND, Part.QUESTION, {"address": "{reference}"}, {"reference": "长" * 301})


async def template(node: Node, **overrides: Any) -> dict[str, Any]:
    made = await node.call("POST", "/inquiry-templates", make_template(**overrides), expect=201)
    return dict(made)


async def test_a_question_and_its_answer_are_filled_in(friends: Federation) -> None:
    here, there = friends[COUNTY], friends[OTHER]
    asks, answers = await template(here), await template(there, **ANSWER)
    filling = f"/inquiry-templates/{asks['id']}/filling"
    filled = await here.call("POST", filling, {"to_region": "420381"})
    assert filled["values"] == {
        "address_region": "420381",
        "on": today().isoformat(),
        "address": "以贵县登记为准",
    }
    assert (await here.call("POST", filling, {}))["open"] == ["address_region"]
    body = make_inquiry(question=filled["values"], reference="房协1号")
    inquiry = (await here.call("POST", "/inquiries", body, expect=201))["id"]
    await settled(friends)
    filling = f"/inquiry-templates/{answers['id']}/filling"
    filled = await there.call("POST", filling, {"inquiry_id": inquiry})
    assert filled["values"] == {
        "lives_there": False,
        "since": today().isoformat(),
        "address": f"截至{today()}查无登记(420381),案号房协1号",
    }
    looks = await there.fetch("SELECT kind FROM usage_entries")
    assert [row["kind"] for row in looks] == ["inquiry"]
    await there.call("POST", f"/inquiries/{inquiry}/answer", {"answer": filled["values"]})


async def test_a_template_is_for_its_own_kind_and_side(friends: Federation) -> None:
    here, there = friends[COUNTY], friends[OTHER]
    inquiry = (await here.call("POST", "/inquiries", make_inquiry(), expect=201))["id"]
    await settled(friends)
    answers = await template(here, **ANSWER)
    filling = f"/inquiry-templates/{answers['id']}/filling"
    await here.call("POST", filling, {"inquiry_id": inquiry}, expect=409)  # ours to ask
    await here.call("POST", filling, {}, expect=404)
    await here.call("POST", filling, {"inquiry_id": str(new_id())}, expect=404)
    wages = {"kind": "unpaid-wage", "part": "answer", "fields": {"outcome": "paid"}}
    other = await template(there, **wages)
    filling = f"/inquiry-templates/{other['id']}/filling"
    await there.call("POST", filling, {"inquiry_id": inquiry}, expect=409)
    await there.call("POST", filling, {"inquiry_id": inquiry}, expect=403, scope="exchange:read")
    away = {"region": "420381001"}
    await there.call("POST", f"/inquiries/{inquiry}/forward", away)
    mine = await template(there, **ANSWER)
    filling = f"/inquiry-templates/{mine['id']}/filling"
    asked = {"inquiry_id": inquiry}
    await there.call("POST", filling, asked, expect=404, region="420381002")
    token = there.issuer.token(scope="exchange:write", region=there.region)
    async with client_of(there.app, token) as client:
        answer = await client.post(f"/exchange/v1{filling}", json=asked)
    assert answer.status_code == 400  # no purpose


async def test_a_county_edits_its_templates(friends: Federation) -> None:
    here = friends[COUNTY]
    made = await template(here)
    path = f"/inquiry-templates/{made['id']}"
    for body in (
        make_template(fields={}),
        make_template(fields={"address": "致电13800138000"}),
        make_template(fields={"address": "{name}"}),
        make_template(kind="birth-check"),
        make_template(part="rumour"),
        make_template(secret=1),
    ):
        await here.call("POST", "/inquiry-templates", body, expect=422)
    changed = make_template(title="核实现住址")
    token = here.issuer.token(scope="exchange:write", region=here.region)
    async with client_of(here.app, token) as client:
        for match, status in (('"1"', 200), ('"1"', 412)):
            headers = {"If-Match": match}
            url = f"/exchange/v1{path}"
            assert (await client.put(url, json=changed, headers=headers)).status_code == status
        assert (await client.put(url, json=changed)).status_code == 428
    (listed,) = await here.call("GET", "/inquiry-templates?kind=address-confirmation&part=question")
    assert (listed["title"], listed["version"]) == ("核实现住址", 2)
    assert await here.call("GET", "/inquiry-templates?part=answer") == []
    await here.call("POST", "/inquiry-templates", changed, expect=403, scope="exchange:read")
    await here.call("GET", "/inquiry-templates", expect=403, region="310101")
    await here.call("POST", "/inquiry-templates", changed, expect=403, region="310101")
    await here.call("DELETE", path, expect=204)
    await here.call("DELETE", path, expect=404)
