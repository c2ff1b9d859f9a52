"""Showing claim by claim, on paper, and checking with no network: nothing of it is stored."""

import io
import json
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner
from fastapi import FastAPI
from joserfc.jwk import ECKey

from deploy.box import certificates as shell
from services.migrant.certificates import sdjwt, showing
from services.migrant.certificates.rules import Claim
from services.migrant.errors import FactsDoNotFit, NotACertificate, TooMuchForACode
from shared.ids import new_id
from shared.testing import Issuer
from tests.migrant.certificate_requests import kind_of
from tests.migrant.conftest import bearer
from tests.migrant.test_certificates_elsewhere import Elsewhere
from tests.migrant.test_certificates_elsewhere import elsewhere as elsewhere
from tests.migrant.test_certificates_routes import (
    CERTIFICATES,
    SECRETS,
    check,
    issue,
    make_request,
    stored,
)

PRESENTATIONS = "/migrant/v1/certificate-presentations"
PAPERS = "/migrant/v1/certificate-papers"
KEY = ECKey.generate_key("P-256", {"kid": "k"})
CLAIMS: dict[str, sdjwt.Json] = {"name": "王小芳", "sex": "2", "over_18": True, "children": 1}
TEXT = sdjwt.issue({"iss": "county-420325", "exp": 1_800_000_000}, CLAIMS, KEY, digests=8)


# pure


@pytest.mark.parametrize(
    "chosen", [[], [Claim.OVER_18], [Claim.CHILDREN, Claim.NAME], list(map(Claim, CLAIMS))]
)
def test_exactly_the_chosen_claims_are_shown(chosen: list[Claim]) -> None:
    shown = sdjwt.parse(showing.present(TEXT, chosen))
    assert sdjwt.disclosed(shown) == {str(each): CLAIMS[each] for each in chosen}
    assert shown.jwt == TEXT.split("~")[0]


def test_what_is_not_in_it_cannot_be_shown() -> None:
    with pytest.raises(FactsDoNotFit):
        showing.present(TEXT, [Claim.ID_NUMBER])
    part = showing.present(TEXT, [Claim.NAME])
    with pytest.raises(FactsDoNotFit):
        showing.present(part, [Claim.SEX])


@pytest.mark.parametrize("text", ["x", TEXT[:-7], "e30.e30.AAAA~", f"{TEXT[:-1]}~AAAA~"])
def test_what_is_no_whole_certificate(text: str) -> None:
    with pytest.raises(NotACertificate):
        showing.present(text, [Claim.NAME])
    with pytest.raises(NotACertificate):
        showing.paper_of(text)


def test_the_sheet_says_it_in_both_languages() -> None:
    sheet = showing.paper_of(TEXT)
    assert sheet["lines"] == [
        ("姓名", "Name", "王小芳"),
        ("性别", "Sex", "女 female"),
        ("已满十八周岁", "Aged 18 or over", "是 yes"),
        ("子女数(本人要求载明)", "Children (at her wish)", "1"),
    ]
    assert sheet["until"] == "2027-01-15" and "<svg" in str(sheet["code"])


def test_more_than_a_code_holds() -> None:
    with pytest.raises(TooMuchForACode):
        showing.code_of("x" * 3000)


# over HTTP


async def holds_nothing_of(credential: str, app: FastAPI) -> None:
    text = await stored(app)
    for part in (*credential.split("~")[:-1], *SECRETS[:2]):
        assert part not in text and part.encode().hex() not in text


async def test_shown_in_part_without_an_app(
    client: httpx.AsyncClient, app: FastAPI, issuer: Issuer
) -> None:
    credential = (await issue(client))["credential"]
    own = bearer(issuer, scope="self", sub=str(new_id()))
    body = {"credential": credential, "claims": ["over_18"]}
    answer = await client.post(PRESENTATIONS, json=body, headers=own)
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert "<svg" in answer.json()["qr_svg"] and answer.json()["key_bound"] is False
    await holds_nothing_of(credential, app)
    checked = await check(client, answer.json()["presentation"])
    assert (checked["outcome"], checked["disclosed"]) == ("genuine", {"over_18": True})
    absent = await client.post(PRESENTATIONS, json=body | {"claims": ["children"]})
    assert kind_of(absent) == (422, "facts-do-not-fit")
    cut = await client.post(PRESENTATIONS, json=body | {"credential": credential[:-9]})
    assert kind_of(cut) == (422, "not-a-certificate")
    assert cut.json()["reason"] == "truncated"
    for secret in SECRETS:
        assert secret not in cut.text and secret not in absent.text


async def test_paper_with_a_code_that_is_checked(client: httpx.AsyncClient, app: FastAPI) -> None:
    request = make_request()
    request["claims"] += ["sex", "marital_status", "children"]
    request["facts"] |= {"sex": "2", "marital_status": "20", "children": 1}
    credential = (await issue(client, **request))["credential"]
    answer = await client.post(PAPERS, json={"credential": credential})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.content.startswith(b"%PDF")
    await holds_nothing_of(credential, app)
    cut = await client.post(PAPERS, json={"credential": credential[:900]})
    assert kind_of(cut) == (422, "not-a-certificate")


async def test_who_may_show(client: httpx.AsyncClient, issuer: Issuer) -> None:
    body = {"credential": TEXT, "claims": ["name"]}
    for path, sent in ((PRESENTATIONS, body), (PAPERS, {"credential": TEXT})):
        for scope, region, status in (
            ("migrant:read", "420325", 403),
            ("migrant:employ", "420325", 403),
            ("self", "420381", 403),
            ("self", "420325", 200),
        ):
            headers = bearer(issuer, scope=scope, region=region, sub=str(new_id()))
            answer = await client.post(path, json=sent, headers=headers)
            assert answer.status_code == status, (path, scope, region)
        assert (await client.post(path, json={"credential": ""})).status_code == 422


# with no network


async def fetched_kit(client: httpx.AsyncClient, folder: Path) -> Path:
    answer = await client.get("/migrant/v1/checking-kit")
    assert answer.status_code == 200, answer.text
    file = folder / "kit.json"
    file.write_text(answer.text, "utf-8")
    return file


def offline(kit: Path, text: str, *options: str) -> dict[str, Any]:
    """What `yipan certificate check` prints: it reads the kit and opens no connection."""
    command = ["check", "-", "--kit", str(kit), "--language", "en", *options]
    done = CliRunner().invoke(shell.certificate, command, input=text)
    assert done.exit_code == 0, done.output
    return dict(json.loads(done.stdout))


async def test_a_kit_checks_with_no_network(
    client: httpx.AsyncClient, issuer: Issuer, elsewhere: Elsewhere, tmp_path: Path
) -> None:
    good, revoked = await issue(client), await issue(client)
    await client.post(
        f"{CERTIFICATES}/{revoked['certificate_id']}/revocation", json={"reason": "lost"}
    )
    elsewhere.revoked = [8]
    await elsewhere.trusted_by(client, issuer, elsewhere.status_list())
    kit = await fetched_kit(client, tmp_path)
    assert not any(secret in kit.read_text("utf-8") for secret in SECRETS)
    credential = good["credential"]
    found = offline(kit, credential)
    assert (found["outcome"], found["reason"]) == ("genuine", None)
    assert found["disclosed"]["name"] == SECRETS[0]
    theirs = elsewhere.certificate()
    status = {"status_list": {"idx": 8, "uri": f"{elsewhere.base}1"}}
    nowhere = {"status_list": {"idx": 7, "uri": f"{elsewhere.base}2"}}
    for text, outcome, reason in (
        (theirs, "genuine", None),
        (revoked["credential"], "revoked", "revoked"),
        (elsewhere.certificate(status=status), "revoked", "revoked"),
        (elsewhere.certificate(status=nowhere), "stale-status", "no-status-list"),
        (elsewhere.certificate(exp=int(time.time()) - 700), "expired", "expired"),
        (elsewhere.certificate(iss="county-999999"), "unknown-issuer", "unknown-issuer"),
        (Elsewhere().certificate(), "forged", "signature-does-not-fit"),
        (credential[: len(credential) // 2], "malformed", "truncated"),
        (theirs + sdjwt.encode(b'["c2FsdA","children",0]') + "~", "forged", "disclosure-altered"),
    ):
        found = offline(kit, text)
        assert (found["outcome"], found["reason"]) == (outcome, reason)
        assert found["help"] and (found["words"] or outcome == "genuine")
    asked = offline(kit, credential, "--nonce", "nonce-123", "--audience", "desk-1")
    assert asked["reason"] == "proof-missing"


async def test_a_kit_grows_old(
    client: httpx.AsyncClient, issuer: Issuer, elsewhere: Elsewhere, tmp_path: Path
) -> None:
    await elsewhere.trusted_by(client, issuer, elsewhere.status_list(ttl=60, lifetime=10**7))
    kit = await fetched_kit(client, tmp_path)
    content = json.loads(kit.read_text("utf-8"))
    for each in content["issuers"][-1]["lists"]:
        each["fetched_at"] = "2026-01-01T00:00:00Z"
    kit.write_text(json.dumps(content), "utf-8")
    old = offline(kit, elsewhere.certificate())
    assert (old["outcome"], old["reason"]) == ("stale-status", "status-list-too-old")
    content["issuers"][-1]["lists"][0]["token"] = "not a list"
    kit.write_text(json.dumps(content), "utf-8")
    broken = offline(kit, elsewhere.certificate())
    assert broken["reason"] == "status-list-unreadable"
    kit.write_text("{}", "utf-8")
    done = CliRunner().invoke(shell.certificate, ["check", "-", "--kit", str(kit)], input="x")
    assert done.exit_code == 1 and "核验数据无法读取" in done.output


def test_a_part_is_shown_from_the_shell(tmp_path: Path) -> None:
    file, code = tmp_path / "mine.sd-jwt", tmp_path / "code.svg"
    file.write_text(TEXT + "\n", "utf-8")
    run = CliRunner().invoke
    assert run(shell.certificate, ["present", str(file)]).stdout.split() == list(CLAIMS)
    command = ["present", str(file), "--show", "over_18", "--qr", str(code)]
    shown = run(shell.certificate, command).stdout.strip()
    assert sdjwt.disclosed(sdjwt.parse(shown)) == {"over_18": True}
    assert "<svg" in code.read_text("utf-8")
    assert run(shell.certificate, ["present", str(file), "--show", "id_number"]).exit_code == 1
    assert run(shell.certificate, ["present", str(file), "--show", "height"]).exit_code == 2
    file.write_text(TEXT[:-6], "utf-8")
    cut = run(shell.certificate, ["present", str(file), "--show", "name"])
    assert cut.exit_code == 1 and "scan it again" in cut.output
    assert io.StringIO(cut.output).readline().startswith("yipan:")


def test_without_a_box_the_shell_says_so(tmp_path: Path) -> None:
    for command in (["kit", "--out", str(tmp_path / "kit.json")], ["rotate-key"]):
        done = CliRunner().invoke(shell.certificate, [*command, "--data", str(tmp_path)])
        assert done.exit_code == 1 and "没有运行中的一体机" in done.output
