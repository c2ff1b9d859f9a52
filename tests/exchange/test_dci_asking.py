"""Questions of ours to a foreign register, and the answers it calls back with."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest
from starlette.responses import Response

from services.exchange.messages import rules
from services.exchange.rights.subjects import learn_number
from shared.ids import new_id
from shared.testing import Issuer, client_of
from tests.conftest import Cluster, parts_of
from tests.exchange.dci_samples import (
    ADDRESS,
    CIVIL,
    WANG,
    County,
    check_answer,
    check_request,
    county,
    moment,
    verified,
)
from tests.exchange.federation import eventually
from tests.registry.conftest import fresh_regions as fresh_regions

KEPT = {"name": {"given_name": "王芳"}, "marital_status": "single"}
ASKED = {
    "id_number": WANG["id_number"],
    "profile": "civil",
    "purpose": CIVIL,
    "reason": "核对婚姻登记",
}


@pytest.fixture
async def here(cluster: Cluster, issuer: Issuer) -> AsyncIterator[County]:
    async with county(cluster, issuer) as made:
        yield made


async def ask(here: County, **overrides: Any) -> dict[str, Any]:
    path = f"/exchange/v1/partners/{here.partner.sender_id}/questions"
    return dict(await here.call("POST", path, ASKED | overrides, expect=201))


async def asked(here: County, count: int = 1) -> dict[str, Any]:
    """The newest question that reached the partner."""

    async def enough() -> bool:
        return len(here.partner.told) >= count

    await eventually(enough)
    path, body = here.partner.told[-1]
    assert path == "/dci/v1.0.0/registry/search"
    check_request("crvs", "/registry/search", body)
    return body


def answer_to(here: County, question: dict[str, Any], **item: Any) -> dict[str, Any]:
    """The partner's callback, signed."""
    message = question["message"]
    found = {
        "reference_id": message["search_request"][0]["reference_id"],
        "timestamp": moment(),
        "status": "succ",
        "data": {"reg_records": [{**KEPT, "poverty_score": "4.5", "is_pregnant": "no", "sex": {}}]},
    }
    answer = {
        "transaction_id": message["transaction_id"],
        "correlation_id": "c-1",
        "search_response": [found | item],
    }
    header = {
        "version": "1.0.0",
        "message_id": str(new_id()),
        "message_ts": moment(),
        "action": "on-search",
        "status": "succ",
        "sender_id": here.partner.sender_id,
        "receiver_id": "county-420325",
    }
    envelope = here.partner.signed({"header": header, "message": answer})
    check_request("crvs", "/registry/on-search", envelope)
    return envelope


async def read(here: County, question: dict[str, Any], **claims: Any) -> dict[str, Any]:
    path = f"/exchange/v1/partner-questions/{question['id']}"
    return dict(await here.call("GET", path, **claims))


async def test_a_question_goes_out_signed_and_its_answer_is_kept(here: County) -> None:
    await here.enter()
    made = await ask(here)
    assert (made["status"], made["records"]) == ("rcvd", None)
    sent = await asked(here)
    verified(here.partner, sent, await here.jwks())
    criteria = sent["message"]["search_request"][0]["search_criteria"]
    assert criteria["query"] == {"type": "UIN", "value": WANG["id_number"]}
    assert criteria["authorize"]["purpose"]["code"] == CIVIL
    callback = str(sent["header"]["sender_uri"])
    assert callback.endswith("/exchange/dci/registry/on-search")
    envelope = answer_to(here, sent)
    for _ in range(2):
        taken = await here.partner.post("/on-search", envelope)
        assert taken.status_code == 200, taken.text
        check_answer("crvs", "/registry/on-search", taken)
        assert taken.json()["message"]["correlation_id"] == "c-1"
    answered = await read(here, made)
    assert (answered["status"], answered["delivery"]) == ("succ", "delivered")
    assert answered["records"] == [KEPT]  # of our own list of attributes, and nothing else
    (row,) = await here.rows(
        here.exchange, "SELECT body_sealed, answer_sealed FROM dci_transactions"
    )
    assert "王芳".encode() not in row["body_sealed"]
    assert WANG["id_number"].encode() not in row["answer_sealed"]
    altered = await here.partner.post("/on-search", answer_to(here, sent, status="rjct", data={
        "reg_records": []}))  # fmt: skip
    assert altered.status_code == 409


async def test_a_rejection_is_told_with_its_code(here: County) -> None:
    await here.enter()
    made = await ask(here)
    code = "rjct.search_criteria.invalid"
    refused = answer_to(here, await asked(here), status="rjct", status_reason_code=code)
    assert (await here.partner.post("/on-search", refused)).status_code == 200
    told = await read(here, made)
    assert (told["status"], told["reason_code"]) == ("rjct", code)


async def test_a_partner_with_tokens_of_its_own_gets_them(
    here: County, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "_FIRST_PAUSE", 0.01)
    login = {
        "token_url": f"{ADDRESS}/oauth2/client/token",
        "client_id": "county-420325",
        "client_secret": "s3cret-of-ours",
    }
    partner = await here.enter(login=login)
    partner.answer_with = [Response(status_code=401)]
    await ask(here)
    await asked(here, 2)
    assert partner.bearers == ["", "Bearer t1", "", "Bearer t2"]  # the first had ended early
    assert "client_secret=s3cret-of-ours" in partner.logins[0]
    (row,) = await here.rows(here.exchange, "SELECT * FROM dci_partners")
    assert b"s3cret-of-ours" not in row["client_secret_sealed"]
    seen = await here.call("GET", f"/exchange/v1/partners/{partner.sender_id}")
    assert "s3cret" not in str(seen)
    elsewhere = login | {"token_url": "https://evil.example.org/token"}
    with pytest.raises(AssertionError, match="token_url"):
        await here.enter(sender_id="b.example.org", login=elsewhere)


async def test_what_nobody_asked_is_not_known(here: County) -> None:
    await here.enter()
    made = await ask(here)
    sent = await asked(here)
    envelope = answer_to(here, sent)
    message = envelope["message"] | {"transaction_id": str(new_id())}
    unknown = here.partner.signed({"header": envelope["header"], "message": message})
    answer = await here.partner.post("/on-search", unknown)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (
        404,
        "err.request.not_found",
    )
    for path, action in (
        ("/on-subscribe", "on-subscribe"),
        ("/on-unsubscribe", "on-unsubscribe"),
        ("/txn/on-status", "txn-on-status"),
    ):
        header = envelope["header"] | {"action": action}
        other = here.partner.signed({"header": header, "message": envelope["message"]})
        answer = await here.partner.post(path, other)
        assert answer.json()["errors"][0]["code"] == "err.request.not_found"
        check_answer("crvs", f"/registry{path}", answer)
    assert (await read(here, made))["status"] == "rcvd"


async def test_a_callback_is_believed_by_its_signature_alone(here: County) -> None:
    await here.enter()
    await ask(here)
    sent = await asked(here)
    good = answer_to(here, sent)
    spoiled: list[tuple[dict[str, Any], str]] = [
        (good | {"signature": None}, "err.signature.missing"),
        (good | {"message": good["message"] | {"correlation_id": "c-2"}}, "err.signature.invalid"),
        (good | {"header": {}}, "err.request.bad"),
        (answer_to(here, sent, reference_id="another"), "err.request.bad"),
    ]
    for envelope, code in spoiled:
        answer = await here.partner.post("/on-search", envelope)
        assert answer.json()["errors"][0]["code"] == code
    old = good["header"] | {"message_ts": moment(hours=-2)}
    stale = here.partner.signed({"header": old, "message": good["message"]})
    answer = await here.partner.post("/on-search", stale)
    assert answer.json()["errors"][0]["code"] == "err.request.timeout"


async def test_who_may_ask_and_read(here: County, issuer: Issuer) -> None:
    await here.enter()
    made = await ask(here)
    path = f"/exchange/v1/partners/{here.partner.sender_id}/questions"
    await here.call("POST", path, ASKED, expect=403, scope="exchange:read")
    await here.call("POST", path, ASKED, expect=403, region="310101")
    one = f"/exchange/v1/partner-questions/{made['id']}"
    await here.call("GET", one, expect=403, scope="registry:read")
    await here.call("GET", one, expect=404, region="310101")
    await here.call("GET", f"/exchange/v1/partner-questions/{new_id()}", expect=404)
    await here.call("POST", path, ASKED | {"id_number": "1"}, expect=422)
    nobody = "/exchange/v1/partners/nobody/questions"
    await here.call("POST", nobody, ASKED, expect=404)
    token = issuer.token(scope="exchange:read exchange:write")
    async with client_of(here.exchange, token) as client:
        assert (await client.get(one)).json()["type"].endswith("purpose-required")
        assert (await client.post(path, json=ASKED)).status_code == 400
    looks = await here.rows(
        here.exchange, "SELECT kind FROM usage_entries WHERE subject_id = $1", UUID(made["id"])
    )
    assert {row["kind"] for row in looks} == {"dci-question"}


async def test_she_gets_what_was_asked_about_her_and_has_it_erased(
    here: County, issuer: Issuer
) -> None:
    await here.enter()
    person = str(new_id())
    made = await ask(here)
    await here.partner.post("/on-search", answer_to(here, await asked(here)))
    async with parts_of(here.exchange).database.transaction(parts_of(here.exchange).actor) as tx:
        await learn_number(UUID(person), WANG["id_number"], tx)
    her = issuer.token(sub=person, scope="self")
    async with client_of(here.exchange, her, {"Purpose": "subject-access"}) as client:
        base = f"/exchange/v1/people/{person}"
        (mine,) = (await client.get(f"{base}/export")).json()["partner_questions"]
        assert mine["id"] == made["id"]
        assert mine["records"][0]["marital_status"] == "single"
        erased = (await client.post(f"{base}/erasure")).json()
    kinds = {kind["kind"]: (kind["erased"], kind["held"]) for kind in erased["kinds"]}
    assert kinds["partner-questions"] == (1, 0)
    (row,) = await here.rows(here.exchange, "SELECT * FROM dci_transactions")
    assert (row["body_sealed"], row["answer_sealed"]) == (None, None)
    assert (await read(here, made))["records"] is None
