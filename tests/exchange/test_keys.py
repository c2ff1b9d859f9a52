"""Signing keys: when one counts, how the next one takes over, and what its end leaves standing."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.exchange.errors import KeyNotInForce, KeyRevoked, KeyUnknown, SignatureRefused
from services.exchange.evidence.handlers import Entry, append_leaf, sign_head
from services.exchange.evidence.models import Direction
from services.exchange.evidence.rules import HEAD_TYPE
from services.exchange.evidence.verify import verify_export
from services.exchange.participants.directory import Directory
from services.exchange.participants.node import our_node
from services.exchange.participants.schemas import Record
from services.exchange.participants.validity import (
    SLACK,
    check_periods,
    check_signature,
    keys_of,
    left_at,
    limited_by,
    verify_dated,
    with_history,
)
from services.exchange.peers import Peers
from shared.clock import CHINA
from shared.signing import (
    JsonObject,
    SignatureInvalid,
    SigningKey,
    key_set,
    kid_of,
    sign_compact,
    sign_detached,
)
from shared.testing import Issuer, client_of
from tests.exchange.federation import CITY, COUNTY, OTHER, Federation, Node, eventually, settled
from tests.exchange.samples import make_notice
from tests.exchange.test_evidence_log import add_leaves
from tests.shells import shell_of

KEY, NEXT = SigningKey.generate(), SigningKey.generate()
T = datetime(2026, 11, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
BODY: JsonObject = {"a": 1}


def seconds(at: datetime) -> int:
    return int(at.timestamp())


def jwk(key: SigningKey = KEY, /, **members: Any) -> JsonObject:
    return key.public_jwk() | members


REVOKED = {"revoked": {"revoked_at": seconds(T), "reason": "compromised"}}


# rules


@pytest.mark.parametrize(
    ("members", "signed_at", "error"),
    [
        ({}, T - 1000 * HOUR, None),
        ({"nbf": seconds(T)}, T, None),
        ({"nbf": seconds(T)}, T - SLACK, None),
        ({"nbf": seconds(T)}, T - HOUR, KeyNotInForce),
        ({"exp": seconds(T)}, T - HOUR, None),
        ({"exp": seconds(T)}, T + SLACK / 2, None),
        ({"exp": seconds(T)}, T + HOUR, KeyNotInForce),
        (REVOKED, T - HOUR, KeyRevoked),
        (REVOKED, T + HOUR, KeyRevoked),
    ],
)
def test_a_message_needs_a_key_that_counts(
    members: JsonObject, signed_at: datetime, error: type[Exception] | None
) -> None:
    keys, signature = key_set(jwk(**members)), sign_detached(BODY, KEY)
    if error is None:
        check_signature(signature, BODY, keys, signed_at, T + HOUR)
    else:
        with pytest.raises(error):
            check_signature(signature, BODY, keys, signed_at, T + HOUR)


def test_an_unknown_key_and_a_wrong_signature_are_told_apart() -> None:
    with pytest.raises(KeyUnknown):
        check_signature(sign_detached(BODY, NEXT), BODY, key_set(jwk()), T, T)
    with pytest.raises(KeyUnknown):
        check_signature("e30..e30", BODY, key_set(jwk()), T, T)
    with pytest.raises(SignatureRefused) as refused:
        check_signature(sign_detached(BODY, KEY), {"a": 2}, key_set(jwk()), T, T)
    assert type(refused.value) is SignatureRefused
    assert kid_of("no signature") is None


def test_what_was_signed_before_a_keys_end_stays_proven() -> None:
    """A head is judged by the key that counted at its own moment."""

    def head(at: datetime) -> str:
        return sign_compact({"timestamp": at.isoformat()}, KEY, HEAD_TYPE)

    for members in (REVOKED, {"exp": seconds(T)}):
        keys = key_set(jwk(**members))
        assert verify_dated(head(T - HOUR), keys, HEAD_TYPE)
        for late in (head(T + HOUR), sign_compact({}, KEY, HEAD_TYPE)):
            with pytest.raises(SignatureInvalid):
                verify_dated(late, keys, HEAD_TYPE)
    with pytest.raises(SignatureInvalid):
        verify_dated(head(T.replace(tzinfo=None)), key_set(jwk()), HEAD_TYPE)
    assert verify_dated(head(T.astimezone(CHINA)), key_set(jwk()), HEAD_TYPE)


def test_a_new_record_forgets_no_key_and_brings_none_back() -> None:
    earlier = key_set(jwk(**REVOKED), jwk(NEXT))
    silent = with_history(key_set(jwk()), earlier, T)  # says nothing of its revocation
    assert [key.get("revoked") for key in keys_of(silent)] == [REVOKED["revoked"], None]
    assert keys_of(silent)[1]["exp"] == seconds(T)  # dropped: ended now
    assert keys_of(left_at(silent, T)) == []
    longer = with_history(key_set(jwk(exp=seconds(T + HOUR))), key_set(jwk(exp=seconds(T))), T)
    assert keys_of(longer)[0]["exp"] == seconds(T)
    assert keys_of(limited_by(key_set(jwk()), earlier))[0]["revoked"] == REVOKED["revoked"]


@pytest.mark.parametrize(
    "members",
    [
        {"nbf": "2026"},
        {"exp": True},
        {"exp": -1},
        {"revoked": 1},
        {"revoked": {}},
        {"revoked": {"revoked_at": 1, "reason": "x"}},
        {"revoked": {"revoked_at": 1, "by": "x"}},
    ],
)
def test_a_period_has_its_form(members: JsonObject) -> None:
    check_periods(key_set(jwk(nbf=1, exp=2, **REVOKED)))
    with pytest.raises(ValueError):
        check_periods(key_set(jwk(**members)))


# at our own desk


async def make(node: Node, after: timedelta) -> Any:
    begins = (datetime.now(UTC) + after).isoformat()
    return await node.call("POST", "/keys", {"not_before": begins}, expect=201)


async def signer(node: Node) -> str:
    async with node.parts.database.transaction(node.parts.actor) as tx:
        return (await our_node(tx)).key.kid


async def begun(node: Node) -> None:
    """As if a day had passed since the keys were made."""
    await node.fetch("UPDATE node_keys SET not_before = not_before - interval '2 days'")


def follower(federation: Federation, node_id: str) -> Directory:
    return Directory(federation[node_id].parts, Peers(federation.network.open_client), 60)


async def spread(federation: Federation, *changed: str) -> None:
    """What the background does every minute, at once."""
    for node_id in changed:
        await follower(federation, node_id).renew()
    for node_id in federation.nodes:
        await follower(federation, node_id).look()


async def test_the_next_key_signs_once_its_day_has_come(strangers: Federation) -> None:
    node = strangers[COUNTY]
    first = await signer(node)
    made = await node.call("POST", "/keys", {}, expect=201)
    assert [key["signs"] for key in await node.call("GET", "/keys")] == [False, True]
    ahead = datetime.fromisoformat(made["not_before"]) - datetime.now(UTC)
    assert timedelta(hours=23) < ahead <= timedelta(days=1)
    await node.call("POST", "/keys", {}, expect=409)  # one ahead is enough
    await node.call("POST", f"/keys/{first}/retirement", expect=409)  # it signs
    await begun(node)
    assert await signer(node) == made["kid"]
    await node.call("POST", f"/keys/{first}/retirement")
    await node.call("POST", f"/keys/{first}/retirement", expect=409)
    published = await node.public("/exchange/.well-known/jwks.json")
    assert {key["kid"] for key in published["keys"]} == {first, made["kid"]}
    assert ["exp" in key for key in published["keys"]] == [False, True]


async def test_keys_are_the_administrators_alone(strangers: Federation) -> None:
    node = strangers[COUNTY]
    first = await signer(node)
    for method, path, body in (
        ("GET", "/keys", None),
        ("POST", "/keys", {}),
        ("POST", f"/keys/{first}/retirement", {}),
        ("POST", f"/keys/{first}/revocation", {"reason": "compromised"}),
    ):
        await node.call(method, path, body, expect=403, scope="exchange:write")
        await node.call(method, path, body, expect=403, region="110101")
    await node.call("POST", f"/keys/{first}/revocation", {"reason": "x"}, expect=422)
    await node.call("POST", "/keys", {"not_before": "2020-01-01T00:00:00Z"}, expect=422)
    await node.call("POST", "/keys", {"not_before": "2099-01-01T00:00:00Z"}, expect=422)
    await node.call("POST", "/keys", {"not_before": "2026-12-01T00:00:00"}, expect=422)
    await node.call("POST", "/keys/nobodys/retirement", expect=404)
    listed = await node.call("GET", "/keys")
    assert "private" not in str(listed) and len(listed) == 1


async def test_a_revoked_key_is_replaced_at_once_where_it_was_the_only_one(
    strangers: Federation,
) -> None:
    node = strangers[COUNTY]
    first = await signer(node)
    path = f"/keys/{first}/revocation"
    await node.call("POST", path, {"reason": "compromised"})
    after = await node.call("GET", "/keys")
    assert [(key["signs"], key["revocation_reason"]) for key in after] == [
        (True, None),
        (False, "compromised"),
    ]
    await node.call("POST", path, {"reason": "compromised"}, expect=409)
    assert await signer(node) != first


async def test_heads_of_an_ended_key_still_verify_offline(strangers: Federation) -> None:
    """And one that the key signs after its end does not."""
    node = strangers[COUNTY]
    await add_leaves(node, 5)
    first = await signer(node)
    await make(node, HOUR)
    await begun(node)
    await add_leaves_from(node, 5, 10)
    await node.call("POST", f"/keys/{first}/revocation", {"reason": "superseded"})
    jwks = await node.public("/exchange/.well-known/jwks.json")
    lines = await node.export()
    report = verify_export(lines, jwks)
    assert report.ok and report.verified_size == 10
    for key in jwks["keys"]:
        if key["kid"] == first:
            key["revoked"]["revoked_at"] -= 7200
    found = verify_export(lines, jwks)
    assert "head-signature" in {each.what for each in found.findings}


async def add_leaves_from(node: Node, first: int, end: int) -> None:
    for number in range(first, end):
        async with node.parts.database.transaction(node.parts.actor) as tx:
            entry = Entry(Direction.SENT, f"m-{number}", OTHER, bytes([number]) * 32)
            assert await append_leaf(entry, tx) == number
            await sign_head(tx)


# among peers


async def test_a_rotated_key_is_known_before_it_signs(friends: Federation) -> None:
    here, home = friends[COUNTY], friends[OTHER]
    await spread(friends)
    first = await signer(here)
    made = await make(here, timedelta(days=2))
    await begun(here)
    assert await signer(here) == first  # its day has come, but nobody knows it yet
    await spread(friends, COUNTY)
    assert await signer(here) == made["kid"]
    known = await home.call("GET", f"/participants/{COUNTY}")
    assert known["version"] == 2 and len(known["jwks"]["keys"]) == 2
    sent = await here.call("POST", "/notices", make_notice(), expect=201)
    await settled(friends)
    assert (await here.call("GET", f"/notices/{sent['id']}"))["delivery"] == "delivered"
    assert not await home.fetch("SELECT 1 FROM refusals")
    assert kid_of(friends.network.sent[-1][1]["signature"]) == made["kid"]
    await here.call("POST", f"/keys/{first}/retirement")
    await spread(friends, COUNTY)
    known = await home.call("GET", f"/participants/{COUNTY}")
    assert [key["kid"] for key in known["jwks"]["keys"]] == [made["kid"]]
    kept = await home.fetch(
        "SELECT version FROM participant_records WHERE node_id = $1 ORDER BY version", COUNTY
    )
    assert [row["version"] for row in kept] == [1, 2, 3]


async def test_a_revoked_keys_messages_are_refused_and_older_ones_stay(
    friends: Federation, capsys: pytest.CaptureFixture[str]
) -> None:
    here, home = friends[COUNTY], friends[OTHER]
    await spread(friends)
    await here.call("POST", "/notices", make_notice(), expect=201)
    await settled(friends)
    (_, stolen) = friends.network.sent[-1]
    async with here.parts.database.transaction(here.parts.actor) as tx:
        old = (await our_node(tx)).key
    await here.call("POST", f"/keys/{old.kid}/revocation", {"reason": "compromised"})
    await spread(friends, COUNTY)
    body = {"header": stolen["header"] | {"message_id": "m-2"}, "message": stolen["message"]}
    async with client_of(home.app) as client:
        answer = await client.post(
            "/exchange/dci/registry/notify", json=body | {"signature": sign_detached(body, old)}
        )
    assert answer.status_code == 401
    assert "peer-not-believed" in capsys.readouterr().out
    assert answer.json()["message"]["error"]["code"] == "err.signature.invalid"
    refusals = await home.call("GET", "/refusals")
    assert [(each["sender_id"], each["reason"]) for each in refusals["items"]] == [
        (COUNTY, "KeyRevoked")
    ]
    sent = await here.call("POST", "/notices", make_notice(), expect=201)
    await settled(friends)
    assert (await here.call("GET", f"/notices/{sent['id']}"))["delivery"] == "delivered"
    jwks = await here.public("/exchange/.well-known/jwks.json")
    assert verify_export(await here.export(), jwks).ok


async def test_a_key_nobody_told_us_of_makes_us_look_at_once(friends: Federation) -> None:
    """The city has signed the record, our minute is not over: the first message is refused, and
    the directory read for it."""
    here, home = friends[COUNTY], friends[OTHER]
    await spread(friends)
    old = await signer(here)
    await here.call("POST", f"/keys/{old}/revocation", {"reason": "compromised"})
    await follower(friends, COUNTY).renew()
    sent = await here.call("POST", "/notices", make_notice(), expect=201)

    async def delivered() -> bool:
        await here.fetch("UPDATE messages_out SET next_attempt_at = now() WHERE state = 'queued'")
        view = await here.call("GET", f"/notices/{sent['id']}")
        return bool(view["delivery"] == "delivered")

    await eventually(delivered, 40)
    refusals = await home.call("GET", "/refusals")
    assert {each["reason"] for each in refusals["items"]} <= {"KeyUnknown"}


async def test_a_city_that_gives_up_its_key_signs_everybodys_record_anew(
    friends: Federation,
) -> None:
    here, city = friends[COUNTY], friends[CITY]
    await spread(friends)
    async with city.parts.database.transaction(city.parts.actor) as tx:
        old = (await our_node(tx)).key
    await city.call("POST", f"/keys/{old.kid}/revocation", {"reason": "compromised"})
    await spread(friends)
    for node_id in (COUNTY, OTHER, CITY):
        view = await here.call("GET", f"/participants/{node_id}")
        assert view["version"] == 2, node_id
        assert (kid_of(view["signature"]) == old.kid) == (node_id == CITY)
    forged = Record.model_validate(
        (await friends[OTHER].public("/exchange/.well-known/participant.json"))
        | {"version": 9, "admitted_by": CITY, "admitted_at": "2026-01-01T00:00:00Z"}
    ).model_dump(mode="json")
    body = {"record": forged, "signature": sign_detached(forged, old)}
    await here.call("PUT", f"/participants/{OTHER}", body, expect=403)


async def test_the_command_shows_and_moves_keys(friends: Federation, issuer: Issuer) -> None:
    token = issuer.token(scope="exchange:admin", region="420325")
    app = friends[COUNTY].app
    async with shell_of(app, lambda given, where: ["exchange", *where, *given], token) as shell:
        listed = await shell("keys", "list")
        assert listed.exit_code == 0 and listed.output.count("signs 签名") == 1
        first = await signer(friends[COUNTY])
        assert (await shell("keys", "rotate")).output.count("not admitted 未登记") == 2
        assert (await shell("keys", "rotate")).exit_code == 1  # one is ahead already
        assert (await shell("keys", "rotate", "--at", "tomorrow")).exit_code == 1
        assert (await shell("keys", "retire", first)).exit_code == 1  # it signs
        revoked = await shell("keys", "revoke", first)
        assert f"{first}\t" in revoked.output and "revoked 已吊销" in revoked.output
        assert (await shell("keys", "list")).output.count("signs 签名") == 1
