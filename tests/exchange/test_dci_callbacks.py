"""DCI answers that come by callback: signed, delivered until acknowledged, and how they stand."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
from starlette.responses import JSONResponse, Response

from services.exchange.dci.calling import Caller, judge
from services.exchange.dci.models import CallbackState
from services.exchange.messages import rules
from shared.ids import new_id
from shared.testing import Issuer
from tests.conftest import Cluster, parts_of
from tests.exchange.dci_samples import (
    NOBODY,
    WANG,
    County,
    by_id,
    check,
    check_answer,
    check_request,
    county,
    item,
    moment,
    verified,
)
from tests.exchange.federation import eventually
from tests.registry.conftest import fresh_regions as fresh_regions


@pytest.fixture
async def here(cluster: Cluster, issuer: Issuer) -> AsyncIterator[County]:
    async with county(cluster, issuer) as made:
        await made.enter()
        yield made


def asking(here: County, *numbers: str, **header: Any) -> dict[str, Any]:
    items = [item(by_id(each)) for each in numbers or (NOBODY,)]
    message = {"transaction_id": "txn-9", "search_request": items}
    return here.partner.envelope("search", message, **header)


async def told(here: County, count: int = 1) -> list[tuple[str, dict[str, Any]]]:
    async def enough() -> bool:
        return len(here.partner.told) >= count

    await eventually(enough)
    return here.partner.told


async def delivered(here: County, state: str = "delivered") -> dict[str, Any]:
    """The newest transaction once it is in that state."""

    async def there() -> Any:
        path = f"/exchange/v1/partners/{here.partner.sender_id}/transactions?delivery={state}"
        return (await here.call("GET", path))["items"]

    return dict((await eventually(there))[0])


async def test_an_answer_comes_to_the_address_that_was_given(here: County) -> None:
    await here.person(WANG)
    envelope = asking(here, WANG["id_number"])
    check_request("crvs", "/registry/search", envelope)
    taken = await here.partner.post("/search", envelope)
    assert taken.status_code == 200
    check_answer("crvs", "/registry/search", taken)
    assert taken.json()["message"]["ack_status"] == "ACK"
    ((path, body),) = await told(here)
    assert path == "/dci/v1.0.0/callback/search"
    check_request("crvs", "/registry/on-search", body)
    verified(here.partner, body, await here.jwks())
    assert body["header"]["action"] == "on-search"
    assert body["header"]["receiver_id"] == here.partner.sender_id
    assert body["message"]["transaction_id"] == "txn-9"
    assert body["message"]["correlation_id"] == taken.json()["message"]["correlation_id"]
    (answer,) = body["message"]["search_response"]
    assert answer["data"]["reg_records"][0]["birth_date"] == "1990-01-01"
    assert (await delivered(here))["attempts"] == 1


async def test_without_an_address_it_goes_where_the_standard_says(here: County) -> None:
    assert (await here.partner.post("/search", asking(here, sender_uri=None))).status_code == 200
    ((path, _),) = await told(here)
    assert path == "/dci/v1.0.0/registry/on-search"


async def test_an_answer_is_sent_until_it_is_acknowledged(
    here: County, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "_FIRST_PAUSE", 0.01)
    here.partner.answer_with = [
        Response(status_code=503),
        JSONResponse({"message": {"ack_status": "ERR", "error": {"code": "err.request.timeout"}}}),
    ]
    await here.partner.post("/search", asking(here))
    sent = await told(here, 3)
    assert (await delivered(here))["attempts"] == 3
    assert len({body["header"]["message_id"] for _, body in sent}) == 1
    assert len({body["signature"] for _, body in sent}) == 3  # signed anew, for now
    assert await here.rows(here.registry, "SELECT 1 FROM usage_entries") == []  # nobody was known


async def test_an_answer_the_partner_rejects_is_not_sent_again(here: County) -> None:
    nack = {"message": {"ack_status": "NACK", "error": {"code": "err.signature.missing"}}}
    here.partner.answer_with = [JSONResponse(nack)]
    await here.partner.post("/search", asking(here))
    refused = await delivered(here, "refused")
    assert (refused["attempts"], refused["last_error"]) == (1, "200 err.signature.missing")


async def test_two_callers_send_nothing_twice(here: County) -> None:
    others = [
        Caller(
            parts_of(here.exchange).database,
            parts_of(here.exchange).actor,
            here.exchange.state.desk,
            here.partner.client,
        )
        for _ in range(3)
    ]
    for _ in range(5):
        await here.partner.post("/search", asking(here))
    await asyncio.gather(*(each.work_once() for each in others))
    await told(here, 5)
    ids = [body["header"]["message_id"] for _, body in here.partner.told]
    assert len(ids) == len(set(ids)) == 5


async def test_answers_wait_while_the_register_is_away(here: County) -> None:
    here.away.add("registry")
    await here.partner.post("/search", asking(here))
    await asyncio.sleep(0.6)
    assert here.partner.told == []
    here.away.clear()
    assert len(await told(here)) == 1


async def test_what_a_revoked_partner_is_owed_is_dropped(here: County) -> None:
    here.away.add("registry")
    await here.partner.post("/search", asking(here))
    await here.call("POST", f"/exchange/v1/partners/{here.partner.sender_id}/revocation")
    here.away.clear()
    assert (await delivered(here, "given-up"))["last_error"] == "partner-revoked"
    assert here.partner.told == []


def status_of(here: County, kind: str, value: Any, txn_type: str = "search") -> dict[str, Any]:
    question = {
        "reference_id": str(new_id()),
        "txn_type": txn_type,
        "attribute_type": kind,
        "attribute_value": value,
    }
    message = {"transaction_id": "txn-status", "txnstatus_request": question}
    return here.partner.envelope("txn-status", message)


async def test_how_requests_stand_is_told_without_the_records(here: County) -> None:
    await here.person(WANG)
    envelope = asking(here, WANG["id_number"], "x")
    taken = (await here.partner.post("/search", envelope)).json()["message"]
    await delivered(here)
    first, second = (each["reference_id"] for each in envelope["message"]["search_request"])
    for kind, value in (
        ("transaction_id", "txn-9"),
        ("correlation_id", taken["correlation_id"]),
        ("reference_id_list", [first, second]),
    ):
        asked = status_of(here, kind, value)
        check_request("crvs", "/registry/sync/txn/status", asked)
        answer = await here.partner.post("/sync/txn/status", asked)
        assert answer.status_code == 200
        check_answer("crvs", "/registry/sync/txn/status", answer)
        verified(here.partner, answer.json(), await here.jwks())
        told_ = answer.json()["message"]["txnstatus_response"]
        assert told_["txn_type"] == "search"
        states = {
            each["reference_id"]: each["status"] for each in told_["txn_status"]["search_response"]
        }
        assert states == {first: "succ", second: "rjct"}
        assert WANG["id_number"] not in answer.text and "reg_records" not in answer.text


async def test_a_status_may_come_by_callback_too(here: County) -> None:
    await here.partner.post("/search", asking(here))
    await delivered(here)
    asked = status_of(here, "transaction_id", "txn-9")
    check_request("crvs", "/registry/txn/status", asked)
    assert (await here.partner.post("/txn/status", asked)).status_code == 200
    (_, body) = (await told(here, 2))[1]
    check_request("crvs", "/registry/txn/on-status", body)
    assert body["header"]["action"] == "txn-on-status"


async def test_what_is_not_the_partners_has_no_status(here: County) -> None:
    for kind, value, states in (
        ("reference_id_list", ["unknown"], ["rjct.reference_id.invalid"]),
        ("transaction_id", "unknown", []),
        ("correlation_id", str(new_id()), []),
        ("correlation_id", "not-an-id", []),
    ):
        answer = await here.partner.post("/sync/txn/status", status_of(here, kind, value))
        assert answer.status_code == 200
        items = answer.json()["message"]["txnstatus_response"]["txn_status"]["search_response"]
        assert [each["status_reason_code"] for each in items] == states


async def test_a_request_that_waits_is_received(here: County) -> None:
    here.away.add("registry")
    envelope = asking(here)
    await here.partner.post("/search", envelope)
    answer = await here.partner.post("/sync/txn/status", status_of(here, "transaction_id", "txn-9"))
    (state,) = answer.json()["message"]["txnstatus_response"]["txn_status"]["search_response"]
    assert state["status"] == "rcvd"


async def test_bodies_are_forgotten_after_some_weeks(here: County) -> None:
    await here.person(WANG)
    await here.partner.post("/search", asking(here, WANG["id_number"]))
    await delivered(here)
    caller = Caller(
        parts_of(here.exchange).database,
        parts_of(here.exchange).actor,
        here.exchange.state.desk,
        here.partner.client,
    )
    await caller.tidy()
    kept = "SELECT 1 FROM dci_transactions WHERE body_sealed IS NOT NULL"
    assert len(await here.rows(here.exchange, kept)) == 1
    old = moment(days=-31)
    await here.rows(
        here.exchange, "UPDATE dci_transactions SET asked_at = $1::text::timestamptz", old
    )
    await caller.tidy()
    assert await here.rows(here.exchange, kept) == []
    answer = await here.partner.post("/sync/txn/status", status_of(here, "transaction_id", "txn-9"))
    (state,) = answer.json()["message"]["txnstatus_response"]["txn_status"]["search_response"]
    assert state["status"] == "succ"


async def test_a_partner_that_is_away_for_days_is_given_up(
    here: County, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.exchange.dci.calling.GIVE_UP_AFTER", timedelta(0))
    here.partner.answer_with = [Response(status_code=502)]
    await here.partner.post("/search", asking(here))
    assert (await delivered(here, "given-up"))["last_error"] == "502"


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        (httpx.Response(200), CallbackState.DELIVERED),
        (httpx.Response(202, json={"message": {"ack_status": "ACK"}}), CallbackState.DELIVERED),
        (httpx.Response(200, json=[]), CallbackState.DELIVERED),
        (httpx.Response(200, json={"message": {"ack_status": "NACK"}}), CallbackState.REFUSED),
        (httpx.Response(400, json={"error": 1}), CallbackState.REFUSED),
        (httpx.Response(404), CallbackState.WAITING),
        (httpx.Response(429), CallbackState.WAITING),
        (httpx.Response(302, headers={"Location": "https://x"}), CallbackState.WAITING),
        (httpx.Response(200, content=b"x" * 200_000), CallbackState.DELIVERED),
    ],
)
def test_what_an_answer_to_a_callback_means(answer: httpx.Response, state: CallbackState) -> None:
    assert judge(answer)[0] is state


async def test_core_takes_our_tokens_of_failure(here: County) -> None:
    """A failure has the shape of both of the standard's error answers."""
    failed = await here.partner.post("/search", {"header": {}})
    check("registry_core", "components/responses/Response/content/application~1json/schema",
          failed.json())  # fmt: skip
    http = "components/responses/HttpErrorResponse/content/application~1json/schema"
    check("registry_core", http, failed.json())
