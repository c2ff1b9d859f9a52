"""`make demo`: two counties and a city node exchange as one board (一盘棋). Every figure printed
was measured in this run; the first thing that is not as it should be ends it with exit code 1."""

import tempfile
import time
from pathlib import Path

from deploy.box import demo_board, demo_roster, demo_worker
from deploy.box.fleet import Json, join, running_fleet
from deploy.box.roster import R7, Margins
from deploy.box.stage import Demo

CITY, HOME, HOST = "4203", "420325", "420381"  # 十堰市; 房县, her home; 丹江口市, where she works


async def run_demo(bus: str) -> None:
    """The whole line on the published figures. Raises BoxError where it fails."""
    with tempfile.TemporaryDirectory(prefix="yipan-demo-") as name:
        await run_in(Path(name), bus, R7)


async def run_in(folder: Path, bus: str, margins: Margins) -> Json:
    """Start three boxes in `folder`, play, and return the figures of the closing table."""
    started = time.monotonic()
    print(f"Starting a city node and two counties on the {bus} bus …", flush=True)
    async with running_fleet([CITY, HOME, HOST], folder, bus, ["--any-hour"]) as nodes:
        city, home, host = nodes
        return await play(Demo(city, home, host, folder, margins, started))


async def play(demo: Demo) -> Json:
    """All steps in order on a running fleet; returns the closing table's figures."""
    demo.say("three boxes are up, each with its own keys, databases and bus")
    async with demo.step("the city admits both counties; records are signed and exchanged"):
        await join(demo.city, [demo.home, demo.host])
    async with demo.step("the real administrative divisions (区划, cut-off 2023-06-30)"):
        await demo_roster.count_regions(demo)
    async with demo.step("host county imports a township's roster as CSV"):
        await demo_roster.import_township(demo, demo.host, "csv")
    async with demo.step("home county imports a township's roster as XLSX"):
        await demo_roster.import_township(demo, demo.home, "xlsx")
    async with demo.step("workers of the home county arrive; one brings her certificate"):
        await demo_worker.issue_certificate(demo)
        await demo_worker.arrive(demo)
    async with demo.step("her certificate is checked at the desk"):
        await demo_worker.check_certificate(demo)
    async with demo.step("the home county takes the signed notices and confirms them"):
        await demo_board.confirm_notices(demo)
    async with demo.step("inquiries: asked by the home county, answered, closed"):
        await demo_board.inquire(demo)
    async with demo.step("her employer files the job"):
        await demo_worker.file_employment(demo)
    async with demo.step("the hospital reports a birth; it is registered; she gets one text"):
        await demo_worker.register_birth(demo)
    async with demo.step("scorecards: each county from what the other side saw"):
        await demo_board.score(demo)
    async with demo.step("she looks at who looked at her data"):
        await demo_worker.show_usage(demo)
    return await demo_board.closing_table(demo)
