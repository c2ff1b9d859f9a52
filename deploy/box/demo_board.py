"""Demo step 3, the offices' side: notices, inquiries, scorecards; and the closing table."""

import asyncio
import json
from typing import Any

from deploy.box import stage
from deploy.box.demo_worker import WORKERS, workers
from deploy.box.fleet import Json, Node, ask
from deploy.box.stage import Demo
from services.exchange.evidence.verify import verify_export
from shared.clock import today

CLERK = "exchange:read exchange:write"


async def confirm_notices(demo: Demo) -> None:
    """The home county finds each arrival notice to fit its records, and says so."""
    async with demo.home.client("clerk-1", CLERK, purpose="registration") as clerk:

        async def all_there() -> Any:
            page = await ask(
                clerk, "GET", "/exchange/v1/notices",
                params={"direction": "in", "kind": "arrival", "limit": "100"},
            )  # fmt: skip
            return page["items"] if len(page["items"]) == WORKERS else None

        notices = await stage.until("the arrival notices", all_there)
        for notice in notices:
            path = f"/exchange/v1/notices/{notice['id']}/feedback"
            await ask(clerk, "POST", path, json={"agrees": True})
    await _moved_at_home(demo)
    demo.say(f"  {len(notices)} signed notices applied and confirmed; at home she is now absent")


async def _moved_at_home(demo: Demo) -> None:
    async with demo.home.client("clerk-1", "registry:read") as clerk:

        async def moved() -> bool:
            person = await ask(clerk, "GET", f"/registry/v1/persons/{demo.facts['home-id']}")
            return bool(person["residence"]["region"].startswith(demo.host.region))

        await stage.until("the home register to follow", moved)


async def inquire(demo: Demo) -> None:
    """The home county asks where they live; the host county accepts and answers; home closes."""
    opened = []
    async with demo.home.client("clerk-1", CLERK, purpose="inquiry") as asking:
        for worker in workers(demo):
            inquiry = await ask(
                asking, "POST", "/exchange/v1/inquiries",
                json={
                    "kind": "address-confirmation",
                    "to_region": demo.host.region,
                    "subject": {"name": worker.name, "id_number": worker.resident_id},
                    "question": {"address_region": demo.facts["village"]},
                },
            )  # fmt: skip
            opened.append(inquiry["id"])
    async with demo.host.client("clerk-3", CLERK, purpose="inquiry") as asked:
        for inquiry_id in opened:
            await _in_state(asked, inquiry_id, "opened")
            await _act(asked, inquiry_id, "accept", {})
            answer = {"lives_there": True, "since": today().isoformat()}
            await _act(asked, inquiry_id, "answer", {"answer": answer, "complete": True})
    async with demo.home.client("clerk-1", CLERK, purpose="inquiry") as asking:
        for inquiry_id in opened:
            await _in_state(asking, inquiry_id, "answered")
            await _act(asking, inquiry_id, "close", {"correct": True})
    demo.say(f"  {len(opened)} inquiries opened, answered in time and closed as correct")


async def _in_state(clerk: Any, inquiry_id: str, state: str) -> None:
    async def there() -> bool:
        answer = await clerk.get(f"/exchange/v1/inquiries/{inquiry_id}")
        return bool(answer.status_code == 200 and answer.json()["state"] == state)

    await stage.until(f"an inquiry to be {state}", there)


async def _act(clerk: Any, inquiry_id: str, verb: str, body: Json) -> None:
    await ask(clerk, "POST", f"/exchange/v1/inquiries/{inquiry_id}/{verb}", json=body)


HOME_SAW = {"inquiry-answered-in-time": 60, "inquiry-answered-correctly": 40}
HOST_SAW = {"notices-fed-back": 50, "notices-agreeing": 50}


async def score(demo: Demo) -> None:
    """Two-way (双向考核): each county's card is computed by the other."""
    await _scorecard(demo, demo.home, demo.host, HOME_SAW)
    await _scorecard(demo, demo.host, demo.home, HOST_SAW)


async def _scorecard(demo: Demo, observer: Node, judged: Node, weights: dict[str, int]) -> None:
    items = [
        {"indicator": code, "weight": str(weight), "target": "95", "floor": "60"}
        for code, weight in weights.items()
    ]
    scheme = {
        "code": "demo-exchange",
        "name": {"zh": "协作交换", "en": "Exchange"},
        "valid_from": today().replace(day=1).isoformat(),
        "items": items,
    }
    wanted = {
        "scheme": "demo-exchange",
        "period": f"{today():%Y-%m}",
        "area": judged.region,
    }
    scope = "assessment:read assessment:write"
    async with (
        observer.client("assessor-1", scope) as assessor,
        observer.client("assessor-2", scope) as second,
    ):
        drafted = await ask(assessor, "POST", "/assessment/v1/schemes", json=scheme)
        path = f"/assessment/v1/schemes/{drafted['code']}/publication"
        await ask(second, "POST", path, json={"version": drafted["version"]})

        async def counted() -> Any:
            card = await ask(assessor, "POST", "/assessment/v1/scorecards", json=wanted)
            cases = [each["denominator"] or 0 for each in card["items"]]
            return card if min(cases) >= WORKERS else None

        card = await stage.until("the facts to be counted", counted)
        path = f"/assessment/v1/scorecards/{card['id']}"
        published = await ask(assessor, "POST", f"{path}/publication")
    demo.say(f"  {judged.id} as {observer.id} saw it, {wanted['period']}: {published['score']}")
    for each in published["items"]:
        demo.say(f"    {each['indicator']}: {each['numerator']} of {each['denominator']}")
    demo.facts.setdefault("scores", {})[judged.id] = published["score"]


async def closing_table(demo: Demo) -> Json:
    """What was sent, received and applied, and whether both evidence logs verify."""
    await stage.until("every message to be receipted", lambda: _all_delivered(demo))
    rows = {node.id: await _row(demo, node) for node in (demo.home, demo.host)}
    print(f"\n{'':16}{'sent':>6}{'receipted':>11}{'applied':>9}{'refused':>9}  evidence log")
    for name, row in rows.items():
        print(
            f"{name:16}{row['sent']:6}{row['receipted']:11}{row['applied']:9}"
            f"{row['refused']:9}  {row['leaves']} leaves, {row['verdict']}"
        )
    home, host = rows[demo.home.id], rows[demo.host.id]
    stage.expect(home["receipted"] == home["sent"] == host["applied"], "home's all", "房县全部送达")
    stage.expect(
        host["receipted"] == host["sent"] == home["applied"], "host's all", "丹江口全部送达"
    )
    stage.expect(all(row["verified"] for row in rows.values()), "logs to verify", "存证日志可验证")
    demo.say("the board is one: everything sent was received, applied once, and can be proven")
    return {"rows": rows, "scores": demo.facts["scores"]}


async def _all_delivered(demo: Demo) -> bool:
    counts = [await _counts(node) for node in (demo.home, demo.host)]
    return all(each["sent"] == each["receipted"] for each in counts)


async def _counts(node: Node) -> dict[str, int]:
    async with node.client("operator", "exchange:admin exchange:read") as admin:
        figures: dict[str, int] = await ask(admin, "GET", "/exchange/v1/traffic")
    return figures


async def _row(demo: Demo, node: Node) -> Json:
    path = demo.folder / f"evidence-{node.region}.jsonl"
    async with node.client("operator", "exchange:admin exchange:read") as admin:
        export = await admin.get("/exchange/v1/evidence/export")
        keys = await ask(admin, "GET", "/exchange/.well-known/jwks.json")
    await asyncio.to_thread(path.write_bytes, export.content)
    kept = demo.folder / f"jwks-{node.region}.json"
    await asyncio.to_thread(kept.write_text, json.dumps(keys))
    report = verify_export(export.text.splitlines(), keys)
    whole = report.ok and report.verified_size == report.leaves > 0
    return {
        **await _counts(node),
        "leaves": report.leaves,
        "verified": whole,
        "verdict": "verifies" if whole else "; ".join(each.what for each in report.findings),
    }
