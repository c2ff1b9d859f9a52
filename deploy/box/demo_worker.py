"""Demo step 3, her side: certificate, arrival, check, job, birth, text, and who looked."""

import base64
import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from deploy.box import stage
from deploy.box.fleet import Json, ask
from deploy.box.roster import RosterLine
from deploy.box.stage import Demo
from shared.clock import today
from shared.codes import credit_code_check_digit

WORKERS = 12  # enough for a county's indicators to have cases (fewer than ten are not shown)
CHOSEN = ["name", "birth_date", "over_18", "home_region"]
SHOWN = {"name", "home_region"}  # what she lets the desk see of it
PHONE = "13800000001"  # the simulator delivers to numbers that end in 0001
EMPLOYER = "91420381MA4900001" + credit_code_check_digit("91420381MA4900001")
HOSPITAL = "12420381420000001" + credit_code_check_digit("12420381420000001")
DESK = "registry:read migrant:read migrant:write"


def workers(demo: Demo) -> list[RosterLine]:
    """Women of the home township between 20 and 40 who are registered and live there."""
    lines: list[RosterLine] = demo.facts[f"roster-{demo.home.region}"]
    this_year = today().year
    chosen = [
        line
        for line in lines
        if line.sex == "女" and line.kind == "常住" and line.hukou == line.residence
        and 20 <= this_year - int(line.birth_date[:4]) <= 40
    ]  # fmt: skip
    stage.expect(len(chosen) >= WORKERS, "enough women in the roster", "花名册中有足够的人员")
    return chosen[:WORKERS]


async def issue_certificate(demo: Demo) -> None:
    """At home, at her own request, from the home county's register."""
    worker = workers(demo)[0]
    async with demo.home.client("clerk-1", DESK, purpose="certificate") as clerk:
        person = await _find(clerk, worker.resident_id)
        stage.expect(person, "her in the register of her home", "户籍地登记簿中有此人")
        facts = {
            "name": person["name"],
            "birth_date": person["birth_date"],
            "home_region": demo.home.region,
        }
        issued = await ask(
            clerk, "POST", "/migrant/v1/certificates",
            json={
                "person_id": person["id"],
                "requested_by_holder": True,
                "claims": CHOSEN,
                "facts": facts,
            },
        )  # fmt: skip
    demo.facts["credential"] = issued["credential"]
    demo.facts["home-id"] = person["id"]
    demo.say(f"  certificate issued by {demo.home.id}, valid until {issued['valid_until']}")
    await _trust(demo)


async def _trust(demo: Demo) -> None:
    """The host county enters the home county's issuer keys, so that it can check offline."""
    async with httpx.AsyncClient(base_url=demo.home.url) as anyone:
        keys = await ask(anyone, "GET", "/migrant/v1/issuer-keys")
    async with demo.host.client("operator", "migrant:admin") as admin:
        await ask(
            admin, "PUT", f"/migrant/v1/trusted-issuers/{keys['issuer']}",
            json={"jwks": {"keys": keys["keys"]}, "status_base": keys["status_base"]},
        )  # fmt: skip


async def arrive(demo: Demo) -> None:
    """At the welcome desk of the host county: one form each, no certificate asked for."""
    village = demo.facts[f"roster-{demo.host.region}"][0].residence
    async with demo.host.client("clerk-1", DESK) as clerk:
        for number, worker in enumerate(workers(demo)):
            arrival = await ask(
                clerk, "POST", "/migrant/v1/arrivals",
                json={
                    "name": worker.name,
                    "id_number": worker.resident_id,
                    "origin_region": demo.home.region,
                    "region": village,
                    "arrived_on": today().isoformat(),
                    "stay_purpose": "work",
                },
                headers={"Idempotency-Key": f"arrival-{number}"},
            )  # fmt: skip
            demo.facts.setdefault("person-id", arrival["person_id"])
        person = await stage.until(
            "the registry to know her", lambda: _find(clerk, workers(demo)[0].resident_id)
        )
    stage.expect(person["id"] == demo.facts["person-id"], "one id for her", "一人一号")
    demo.facts["village"] = village
    demo.say(f"  {WORKERS} arrivals registered; the registry has them at {village}")


async def _find(clerk: httpx.AsyncClient, id_number: str) -> Any:
    found = await ask(clerk, "POST", "/registry/v1/person-searches", json={"id_number": id_number})
    return found[0] if found else None


async def check_certificate(demo: Demo) -> None:
    """She shows two of its four claims; the desk sees those two and that it is genuine."""
    async with demo.host.client("clerk-1", DESK, purpose="verification") as clerk:
        check = await ask(
            clerk, "POST", "/migrant/v1/certificate-checks",
            json={"presentation": chosen_part(demo.facts["credential"], SHOWN)},
        )  # fmt: skip
        forged = await ask(
            clerk, "POST", "/migrant/v1/certificate-checks",
            json={"presentation": _altered(demo.facts["credential"])},
        )  # fmt: skip
    demo.say(f"  outcome {check['outcome']}, shown: {', '.join(sorted(check['disclosed']))}")
    demo.say(f"  an altered copy: {forged['outcome']}")
    stage.expect(check["outcome"] == "genuine", "a genuine certificate", "证明为真")
    stage.expect(set(check["disclosed"]) == SHOWN, "two claims and no more", "仅出示两项")
    stage.expect(forged["outcome"] == "forged", "the forgery to be seen", "识别伪造")


def chosen_part(credential: str, names: set[str]) -> str:
    """An SD-JWT with only the disclosures of these claims (RFC 9901): what a holder shows."""
    token, *disclosures = credential.rstrip("~").split("~")
    kept = [each for each in disclosures if _claim(each) in names]
    return "~".join([token, *kept, ""])


def _claim(disclosure: str) -> str:
    padded = disclosure + "=" * (-len(disclosure) % 4)
    return str(json.loads(base64.urlsafe_b64decode(padded))[1])


def _altered(credential: str) -> str:
    """One character of the issuer's signature changed."""
    head, payload, rest = credential.split(".", 2)
    flipped = "A" if rest[20] != "A" else "B"
    return f"{head}.{payload}.{rest[:20]}{flipped}{rest[21:]}"


async def file_employment(demo: Demo) -> None:
    """The employer gets a receipt for its own filing and never a record."""
    worker = workers(demo)[0]
    async with demo.host.client(
        "employer-1", "migrant:employ", org=EMPLOYER, purpose="employment"
    ) as employer:
        receipt = await ask(
            employer, "POST", "/migrant/v1/employments",
            json={
                "employer_code": EMPLOYER,
                "worker": {"name": worker.name, "id_number": worker.resident_id},
                "started_on": today().isoformat(),
                "region": demo.facts["village"],
            },
        )  # fmt: skip
    stage.expect(worker.name not in str(receipt), "a receipt without her name", "回执不含姓名")
    demo.say(f"  receipt {receipt['id']}")


async def register_birth(demo: Demo) -> None:
    """Consent first; then the hospital's report, the registration, and the text by consent."""
    person_id = demo.facts["person-id"]
    async with demo.host.client("clerk-1", DESK, purpose="service") as clerk:
        await ask(
            clerk, "POST", "/migrant/v1/consents",
            json={"person_id": person_id, "purpose": "vital-events", "phone": PHONE},
        )  # fmt: skip
    report = await _report_birth(demo)
    async with demo.host.client("clerk-2", "registry:read registry:write") as clerk:
        registered = await ask(
            clerk, "POST", f"/registry/v1/birth-reports/{report['id']}/registration",
            json={"child_name": workers(demo)[0].name[0] + "安", "hukou_region": _home(demo)},
        )  # fmt: skip
    demo.facts["birth"] = registered
    await _await_text(demo)
    await _await_household_update(demo)


def _home(demo: Demo) -> str:
    return workers(demo)[0].hukou


async def _report_birth(demo: Demo) -> Json:
    worker = workers(demo)[0]
    async with demo.host.client("hospital-1", "registry:report", org=HOSPITAL) as hospital:
        report: Json = await ask(
            hospital, "POST", "/registry/v1/birth-reports",
            json={
                "reference": "demo-0001",
                "region": demo.facts["village"],
                "born_on": (today() - timedelta(days=3)).isoformat(),
                "sex": "2",
                "mother": {"name": worker.name, "id_number": worker.resident_id},
            },
        )  # fmt: skip
    return report


async def _await_text(demo: Demo) -> None:
    """The provider shows what it got: one Chinese text, whole, and its receipt came back."""
    async with httpx.AsyncClient(base_url=demo.host.url) as anyone:

        async def delivered() -> Any:
            sent = await ask(anyone, "GET", "/simulator/messages")
            return [each for each in sent if each["state"] == "delivered"]

        texts = await stage.until("the text to be delivered", delivered)
    demo.say(f"  text to {texts[0]['phone']}: {texts[0]['text']}")
    stage.expect(len(texts) == 1, "one text and no more", "只发一条短信")
    stage.expect(re.search("出生登记", texts[0]["text"]), "a whole Chinese text", "中文短信完整")
    await stage.until("the receipt", lambda: _receipt(demo, texts[0]["reference"]))
    demo.say("  the provider's receipt came back: delivered")


async def _receipt(demo: Demo, message_id: str) -> bool:
    """Whether notify knows, from its own database, that the text was delivered."""
    async with demo.host.client("clerk-1", "notify:read", purpose="notification") as clerk:
        message = await ask(clerk, "GET", f"/notify/v1/messages/{message_id}")
    return bool(message["status"] == "delivered")


async def _await_household_update(demo: Demo) -> None:
    async with demo.home.client("clerk-1", "registry:read") as clerk:

        async def told() -> Any:
            page = await ask(clerk, "GET", "/registry/v1/household-updates")
            return page["items"]

        updates = await stage.until("the home county to learn of the birth", told)
    demo.say(f"  {demo.home.id} learned that a household changed ({len(updates)} to look at)")


async def show_usage(demo: Demo) -> None:
    """She reads, with her own token, which offices looked at her and why."""
    person_id = demo.facts["person-id"]
    looks = []
    async with demo.host.client(person_id, "self", purpose="subject-access") as herself:
        herself.headers["X-Road-UserId"] = person_id
        herself.headers["Accept-Language"] = "en"
        for service in ("registry", "migrant", "exchange", "notify"):
            found = await ask(
                herself, "GET", f"/{service}/datatracker/v2/findUsage",
                params={"userCode": person_id},
            )  # fmt: skip
            looks += found["usages"]
    for look in sorted(looks, key=lambda each: str(each["logtime"])):
        when = datetime.fromisoformat(look["logtime"]).astimezone(UTC)
        demo.say(
            f"    {when:%H:%M:%S} {look['receiverSystem']}: {look['receiverCode']}, "
            f"{look['action']}"
        )
    systems = {look["receiverSystem"] for look in looks}
    stage.expect({"yipan-registry", "yipan-migrant"} <= systems, "looks recorded", "查阅有记录")
