"""What is drawn and counted of homes: plans, door plates, figures."""

import xml.etree.ElementTree as ET
from datetime import date
from typing import Any

import httpx
import pytest

from services.registry.dwellings.layout import COLUMNS, PlanRoom, bands_of
from services.registry.dwellings.plan import STYLES, PlanHead, plan_of
from services.registry.dwellings.rules import floor_of, suppressed
from shared.printing import png_of_svg
from shared.testing import Issuer
from tests.registry.test_dwellings import PATH, register
from tests.registry.test_dwellings_corrections import ESTATE, living, post

SVG = "{http://www.w3.org/2000/svg}"


# rules


@pytest.mark.parametrize(
    ("number", "given", "floor"),
    [
        ("101", None, 1),
        ("1203", None, 12),
        ("601A", None, 6),
        ("12", None, None),
        ("001", None, None),
        ("值班室", None, None),
        ("101", 3, 3),
        ("B01", -1, -1),
    ],
)
def test_the_floor_of_a_room(number: str, given: int | None, floor: int | None) -> None:
    assert floor_of(number, given) == floor


@pytest.mark.parametrize(
    ("cells", "hidden"),
    [
        ({"a": 50, "b": 40}, set()),
        ({"a": 50, "b": 5, "c": 40}, {"b", "c"}),  # else 5 = total - a - c
        ({"a": 50, "b": 3, "c": 2, "d": 40}, {"b", "c", "d"}),  # else 5 people in two cells
        ({"a": 50, "b": 6, "c": 7}, {"b", "c"}),
        ({"a": 5}, {"a"}),
        ({"a": 5, "b": 3}, {"a", "b"}),
        ({}, set()),
    ],
)
def test_small_cells_do_not_follow_from_their_total(
    cells: dict[str, int], hidden: set[str]
) -> None:
    assert suppressed(cells, sum(cells.values())) == hidden


def room_of(number: str, unit: str = "", **values: Any) -> PlanRoom:
    given: dict[str, Any] = {
        "floor": None,
        "use": "rental",
        "capacity": 4,
        "people": 2,
        "let": False,
        "closed": False,
    }
    return PlanRoom(number=number, unit=unit, **(given | values))


def test_a_plan_has_floors_from_the_top_and_units_side_by_side() -> None:
    rooms = [room_of(f"{floor}0{n}", unit) for unit in "12" for floor in (1, 2) for n in (1, 2)]
    (band,) = bands_of([*rooms, room_of("B01", "1", floor=-1), room_of("值班室", "2")])
    assert band.floors == [2, 1, -1, None]
    assert [(part.unit, part.width) for part in band.parts] == [("1", 2), ("2", 2)]
    assert [room.number for room in band.parts[0].floors[2]] == ["201", "202"]
    assert bands_of([]) == []


def test_a_wide_building_is_broken_into_bands_that_stay_readable() -> None:
    rooms = [room_of(f"1{n:02}", unit) for unit in ("1", "2", "10") for n in range(1, 15)]
    bands = bands_of(rooms)
    assert all(band.columns <= COLUMNS for band in bands)
    shown = [
        (part.unit, room.number)
        for band in bands
        for part in band.parts
        for inside in part.floors.values()
        for room in inside
    ]
    assert len(shown) == len(set(shown)) == len(rooms)
    assert [unit for unit, _ in dict(shown).items()] == ["1", "2", "10"]


async def test_a_plan_is_told_by_more_than_colour_and_says_no_name() -> None:
    rooms = [room_of(f"10{n}", use=use) for n, use in enumerate(STYLES)]
    rooms += [room_of("201", let=True), room_of("202", closed=True, people=0)]
    head = PlanHead("东街小区", "12", "东街 12 号", "420325100001", date(2026, 6, 1), None)
    drawing = plan_of(head, rooms)
    root = ET.fromstring(drawing.svg())
    assert "东街小区 12 号楼" in str(root.findtext(f"{SVG}title"))
    assert "6 rooms, 6 lived in by 12 people, 1 let" in str(root.findtext(f"{SVG}desc"))
    patterns = {
        (each.get("patternTransform"), each.findall(f"{SVG}rect")[1].get("fill"))
        for each in root.iter(f"{SVG}pattern")
    }
    assert len({angle for angle, _ in patterns}) == len(patterns) == len(STYLES) - 1
    texts = [each.text or "" for each in root.iter(f"{SVG}text")]
    for style in STYLES.values():
        assert style.sign in texts  # in the room
        assert style.words.en in texts  # in the legend
    assert texts.count("2/4 人") == 6
    assert "已租 let" in texts
    assert "已停用" in texts
    picture = await png_of_svg(drawing.svg(), dpi=72)
    assert picture.startswith(b"\x89PNG")


def test_an_empty_building_has_a_plan_that_says_so() -> None:
    head = PlanHead(None, "7", None, "420325100001", date(2026, 6, 1), date(2026, 5, 1))
    svg = plan_of(head, []).svg()
    assert "No rooms recorded" in svg
    assert "2026-05-01 起停用" in svg


# drawings over HTTP


async def test_the_plan_of_a_building_is_looked_at_with_a_purpose(
    client: httpx.AsyncClient, issuer: Issuer
) -> None:
    made = await register(client)
    person = await living(client, made["rooms"][0]["id"])
    path = f"{PATH}/{made['id']}/plan.svg"
    answer = await client.get(path)
    assert answer.headers["content-type"].startswith("image/svg+xml")
    texts = [each.text for each in ET.fromstring(answer.text).iter(f"{SVG}text")]
    assert "1/2 人" in texts
    assert "王芳" not in answer.text
    assert person not in answer.text
    before = await client.get(f"{path}?on=2020-01-01")
    assert "0/2 人" in before.text
    assert "1/2 人" not in before.text
    printed = await client.get(f"{PATH}/{made['id']}/plan.pdf")
    assert printed.content.startswith(b"%PDF")
    token = issuer.token(scope="self", sub=person)
    usage = await client.get(
        "/registry/datatracker/v2/findUsage",
        params={"userCode": person},
        headers={"Authorization": f"Bearer {token}", "X-Road-UserId": person},
    )
    assert usage.json()["totalUsages"] == 3  # registered, and two plans that count her
    foreign = {"Authorization": f"Bearer {issuer.token(scope='registry:read', region='420381')}"}
    assert (await client.get(path, headers=foreign)).status_code == 404
    hers = {"Authorization": f"Bearer {token}"}
    assert (await client.get(path, headers=hers)).status_code == 403
    assert (await client.get(f"{path}?on=2999-01-01")).status_code == 400
    del client.headers["Purpose"]
    assert (await client.get(path)).status_code == 400


async def test_door_plates_name_a_place_and_nobody(client: httpx.AsyncClient) -> None:
    made = await register(client)
    await living(client, made["rooms"][0]["id"])
    del client.headers["Purpose"]
    for home, number in (
        (f"dwellings/{made['id']}", "12"),
        (f"rooms/{made['rooms'][0]['id']}", "12-101"),
    ):
        answer = await client.get(f"/registry/v1/{home}/plate.svg")
        root = ET.fromstring(answer.text)
        assert number in [each.text for each in root.iter(f"{SVG}text")]
        assert "420325100001/12" in str(root.findtext(f"{SVG}desc"))
        assert len(list(root.iter(f"{SVG}rect"))) > 100  # the modules of the code
        assert "王芳" not in answer.text
        assert (await client.get(f"/registry/v1/{home}/plate.pdf")).content.startswith(b"%PDF")


# figures


async def test_the_rental_register_counts_homes_and_hides_small_cells(
    client: httpx.AsyncClient,
) -> None:
    rooms = [{"number": str(n)} for n in range(12)]
    made = [
        await register(client, building=f"R{n}", rooms=rooms, region=region)
        for n, region in enumerate(["420325100001", "420325100002", "420325101001"])
    ]
    await register(client, building="own", use="owner", rooms=rooms)
    shop = [{"number": "s", "use": "rental"}]
    await register(client, building="mixed", use="shop", region="420325101001", rooms=shop)
    for n, room in enumerate(made[0]["rooms"]):
        await post(
            client,
            "leases",
            {
                "reference": f"L{n}",
                "room_id": room["id"],
                "landlord": {"org": "91350100M000100Y43"},
                "since": "2021-01-01",
                "until": "2023-01-01" if n < 2 else None,
            },
        )
    county = (await client.get("/registry/v1/rental-register")).json()
    assert (county["dwellings"], county["rooms"], county["let"]) == (None, 37, 10)
    assert [(each["region"], each["rooms"]) for each in county["areas"]] == [
        ("420325100", 24),
        ("420325101", 13),
    ]
    assert [each["let"] for each in county["areas"]] == [None, None]  # 10 and 0
    then = (await client.get("/registry/v1/rental-register?on=2022-01-01")).json()
    assert then["let"] == 12
    town = (await client.get("/registry/v1/rental-register?region=420325100")).json()
    assert [each["rooms"] for each in town["areas"]] == [12, 12]
    outside = await client.get("/registry/v1/rental-register?region=420381")
    assert outside.status_code == 403


async def test_service_coverage_counts_places_by_use_and_area(client: httpx.AsyncClient) -> None:
    estate = await post(client, "estates", ESTATE)
    for n in range(11):
        await register(
            client,
            building=f"F{n}",
            rooms=[{"number": "1"}],
            key_area="urban-rural-fringe",
            estate_id=estate["id"] if n else None,
            plate_number=None,
        )
    await register(client, building="one", use="shop", key_area="street-shops")
    cells = (await client.get("/registry/v1/service-coverage?region=420325")).json()["cells"]
    assert cells == [
        {
            "use": "rental",
            "key_area": "urban-rural-fringe",
            "dwellings": 11,
            "rooms": 11,
            "with_plate": None,
            "with_coordinates": 11,
            "with_liaison": 10,
        },
        {
            "use": "shop",
            "key_area": "street-shops",
            "dwellings": None,
            "rooms": None,
            "with_plate": None,
            "with_coordinates": None,
            "with_liaison": None,
        },
    ]
