"""Demo steps 1 and 2: the divisions, and a township's roster with bad lines mixed in."""

import asyncio
from collections import Counter
from pathlib import Path

import httpx

from deploy.box import stage
from deploy.box.bad_lines import BadLine, with_bad_lines
from deploy.box.fleet import Json, Node, ask
from deploy.box.roster import RosterLine, generate, write_csv, write_xlsx
from deploy.box.sample import first_township
from deploy.box.stage import Demo

SEED = 20261101
ONE_BAD_IN = 300  # lines
LEVELS = ("province", "city", "county", "township")


async def count_regions(demo: Demo) -> None:
    """How many regions of each level a county knows."""
    async with demo.host.client("clerk-1", "registry:read") as clerk:
        counted = {level: await _count(clerk, level=level) for level in LEVELS}
        detail = await ask(clerk, "GET", f"/registry/v1/regions/{demo.host.region}")
    demo.say("  " + ", ".join(f"{number:,} {level}" for level, number in counted.items()))
    names = " ".join(each["name"] for each in detail["ancestors"])
    demo.say(f"  {demo.host.region} is {names} {detail['name']}")
    stage.expect(counted["county"] > 2900, "every county of the country", "全国所有县级区划")


async def _count(clerk: httpx.AsyncClient, **filters: str) -> int:
    number, cursor = 0, None
    while True:
        query = filters | {"limit": "200"} | ({"cursor": cursor} if cursor else {})
        page = await ask(clerk, "GET", "/registry/v1/regions", params=query)
        number, cursor = number + len(page["items"]), page["next"]
        if cursor is None:
            return number


async def import_township(demo: Demo, node: Node, form: str) -> None:
    """Make a roster, import it with progress, and check rejects and population bridge."""
    path, lines, bad = await asyncio.to_thread(_write, demo, node, form)
    demo.facts[f"roster-{node.region}"] = lines
    demo.say(f"  {len(lines):,} people and {sum(bad.values())} bad lines in {path.name}")
    async with node.client("clerk-1", "registry:read registry:write") as clerk:
        state = await _import(demo, clerk, path)
        stage.expect(
            (state["accepted"], state["rejected"]) == (len(lines), sum(bad.values())),
            f"{len(lines)} accepted and {sum(bad.values())} rejected, got {state}",
            "接收和拒绝的行数与生成的一致",
        )
        await _show_rejects(demo, clerk, str(state["id"]))
        township = lines[0].hukou[:9]
        await _check_bridge(demo, clerk, township)


def _write(demo: Demo, node: Node, form: str) -> tuple[Path, list[RosterLine], Counter[BadLine]]:
    place = first_township(node.region)
    seed = SEED + int(node.region)
    good = list(generate(seed, place.code, place.villages, place.counties, demo.margins))
    mixed = list(with_bad_lines(good, seed, len(good) // ONE_BAD_IN))
    path = demo.folder / f"roster-{node.region}.{form}"
    (write_csv if form == "csv" else write_xlsx)((line for line, _ in mixed), path)
    return path, good, Counter(reason for _, reason in mixed if reason is not None)


async def _import(demo: Demo, clerk: httpx.AsyncClient, path: Path) -> Json:
    content = await asyncio.to_thread(path.read_bytes)
    state: Json = await ask(
        clerk, "POST", "/registry/v1/imports",
        data={"kind": "roster"}, files={"file": (path.name, content)},
    )  # fmt: skip
    shown = -25
    while state["status"] in ("waiting", "running"):
        await asyncio.sleep(0.2)
        state = await ask(clerk, "GET", f"/registry/v1/imports/{state['id']}")
        if "percent" in state and state["percent"] >= shown + 25:
            shown = state["percent"]
            demo.say(f"  {shown:3d} % … {state['accepted']:,} taken, {state['rejected']} refused")
    return state


async def _show_rejects(demo: Demo, clerk: httpx.AsyncClient, import_id: str) -> None:
    page = await ask(
        clerk, "GET", f"/registry/v1/imports/{import_id}/rejects",
        params={"limit": "200"}, headers={"Accept-Language": "zh"},
    )  # fmt: skip
    examples = {each["code"]: each for each in page["items"]}
    for each in list(examples.values())[:4]:
        demo.say(f"    line {each['line']}: {each['reason']}")


async def _check_bridge(demo: Demo, clerk: httpx.AsyncClient, township: str) -> None:
    bridge = await ask(clerk, "GET", "/registry/v1/population-bridge", params={"region": township})
    margins = demo.margins
    expected = {
        "total": margins.total,
        "usual": margins.usual,
        "hukou": margins.hukou,
        "absent": margins.absent,
        "separated": margins.settled,
        "migrants": margins.migrants,
    }
    demo.say(f"  population bridge of {township}: {'; '.join(bridge['checks'])}")
    stage.expect(
        {name: bridge[name] for name in expected} == expected,
        f"the bridge {expected}, got {bridge}",
        "人口平衡关系与公布数字一致",
    )
