"""Tables of people as data and pictures: nobody to be recognised, hidden figures left out."""

from collections.abc import AsyncIterator
from datetime import date, timedelta
from io import BytesIO
from uuid import UUID
from xml.etree.ElementTree import fromstring

import httpx
import pytest
from python_calamine import CalamineWorkbook

from services.registry.persons.handlers import move, register_person
from services.registry.persons.models import Person
from services.registry.persons.queries import require_person
from services.registry.persons.schemas import RegisterPerson, ResidenceInput
from services.registry.statistics.queries import count_bridge
from services.registry.vital.deaths import register_death, report_death
from services.registry.vital.models import Birth, BirthReport, ReporterKind
from services.registry.vital.schemas import ReportDeath
from shared.db import Database, Tx
from shared.ids import new_id
from shared.testing import Issuer, client_of, make_actor
from tests.conftest import ServiceFactory
from tests.registry.samples import make_person

TOWN, EAST, WEST, FAR = "420325100", "420325100001", "420325100002", "330106"
TABLES = ["population-bridges", "population-pyramid", "migrant-origins"]
TODAYS = "households-per-liaison"
BIRTHS = "birth-counts"

_FILL = """
INSERT INTO persons (id, version, status, name, sex, birth_date, nationality, hukou_region,
                     residence_region, residence_kind, residence_since, created_at, updated_at)
SELECT gen_random_uuid(), 1, 'active', '某', $4, $5, '01', $1, $2, $3, date '2020-01-01',
       now(), now()
FROM generate_series(1, $6)
"""
_PEOPLE = [
    (EAST, EAST, "usual", "1", date(1990, 1, 1), 52),
    (EAST, EAST, "usual", "2", date(1990, 1, 1), 48),
    (WEST, WEST, "usual", "2", date(1940, 1, 1), 120),
    (WEST, WEST, "usual", "1", date(1940, 1, 1), 4),
    (FAR, WEST, "migrant", "1", date(2000, 1, 1), 33),
    ("130102", WEST, "migrant", "1", date(2000, 1, 1), 7),
]


@pytest.fixture
async def client(start_service: ServiceFactory, issuer: Issuer) -> AsyncIterator[httpx.AsyncClient]:
    """Someone who may read, over two communities with migrants of two provinces."""
    async with start_service("registry") as app:
        async with app.state.database.transaction(make_actor()) as tx:
            for row in _PEOPLE:
                await tx.execute(_FILL, *row)
        async with client_of(app, issuer.token(scope="registry:read")) as client:
            yield client


async def read(client: httpx.AsyncClient, path: str) -> httpx.Response:
    response = await client.get(f"/registry/v1/{path}")
    assert response.status_code == 200, response.text
    return response


async def test_a_pyramid_has_every_band_and_no_small_cell(client: httpx.AsyncClient) -> None:
    on, was = date.today(), date.today().replace(year=date.today().year - 1, day=1)
    ages = {born: (on.year - born) // 5 * 5 for born in (1990, 2000, 1940)}
    view = (await read(client, f"population-pyramid?region={TOWN}")).json()
    bands = {band["ages"]: (band["men"], band["women"]) for band in view["bands"]}
    assert len(bands) == 21
    told = {age: people for age, people in bands.items() if people != (None, None)}
    assert told == {
        f"{ages[2000]}-{ages[2000] + 4}": (40, None),
        f"{ages[1990]}-{ages[1990] + 4}": (50, 50),
        f"{ages[1940]}-{ages[1940] + 4}": (None, 120),  # four men are not shown
    }
    assert view["total"] == 265  # 264, rounded
    migrants = (await read(client, f"population-pyramid?region={WEST}&base=migrants")).json()
    assert (migrants["total"], migrants["base"]) == (40, "migrants")
    before = (await read(client, f"population-pyramid?region={TOWN}&on={was}")).json()
    assert before["total"] is None  # nobody's stays were entered


async def test_origins_by_province(client: httpx.AsyncClient) -> None:
    view = (await read(client, f"migrant-origins?region={TOWN}")).json()
    assert view["origins"] == [{"province": "33", "name": "浙江省", "people": 35}]
    assert (view["total"], view["others"]) == (40, None)


async def test_bridges_of_the_parts_beside_the_whole(client: httpx.AsyncClient) -> None:
    view = (await read(client, f"population-bridges?region={TOWN}")).json()
    east, west = view["parts"]
    assert (east["name"], west["name"]) == ("东街社区居委会", "西街社区居委会")
    assert (west["usual"], view["whole"]["usual"], west["migrants"]) == (124, 224, 40)
    # the east has no migrants, and the town's are the west's: that they are none would follow,
    # and is nobody's secret; what is small and hidden in the east is not told by the difference
    assert (east["absent"], east["separated"]) == (None, None)


async def test_a_village_is_not_told_by_what_is_shown_beside_it(
    start_service: ServiceFactory, issuer: Issuer
) -> None:
    """Seven people of the east, 124 of the west, 131 of the town: the town or the west has to
    keep silent."""
    async with start_service("registry") as app:
        async with app.state.database.transaction(make_actor()) as tx:
            await tx.execute(_FILL, EAST, EAST, "usual", "1", date(1990, 1, 1), 7)
            await tx.execute(_FILL, WEST, WEST, "usual", "1", date(1990, 1, 1), 124)
        async with client_of(app, issuer.token(scope="registry:read")) as client:
            shown = {
                region: (await read(client, f"population-bridge?region={region}")).json()["usual"]
                for region in (EAST, WEST, TOWN)
            }
    assert shown[EAST] is None
    assert shown[WEST] is None or shown[TOWN] is None


@pytest.mark.parametrize("table", [*TABLES, TODAYS, BIRTHS])
async def test_every_table_comes_in_every_format(client: httpx.AsyncClient, table: str) -> None:
    table += f"?year=2026&region={TOWN}" if table == BIRTHS else f"?region={TOWN}"
    csv = await read(client, f"{table}&format=csv")
    assert csv.content.startswith("\ufeff".encode())
    assert csv.headers["content-type"].startswith("text/csv")
    xlsx = await read(client, f"{table}&format=xlsx")
    sheet = CalamineWorkbook.from_filelike(BytesIO(xlsx.content)).get_sheet_by_index(0)
    lines = csv.text.lstrip("\ufeff").strip().splitlines()
    assert [str(cell) for cell in sheet.to_python()[0]] == lines[0].split(",")
    assert len(sheet.to_python()) == len(lines)
    svg = await read(client, f"{table}&format=svg")
    root = fromstring(svg.text)
    assert root.findtext("{http://www.w3.org/2000/svg}title")
    png = await read(client, f"{table}&format=png")
    assert png.content.startswith(b"\x89PNG")


async def test_births_of_a_year_by_month_and_sex(
    start_service: ServiceFactory, issuer: Issuer
) -> None:
    """Eleven girls of March are shown, rounded; three boys, and an annulled birth, are not."""
    async with start_service("registry") as app:
        async with app.state.database.transaction(make_actor()) as tx:
            mother = await register_person(RegisterPerson(**make_person()), tx)
            for number in range(15):
                sex, annulled = ("2", False) if number < 11 else ("1", number == 14)
                await enter_birth(tx, mother.id, date(2026, 3, 1 + number), sex, annulled)
        async with client_of(app, issuer.token(scope="registry:read")) as client:
            view = (await read(client, f"{BIRTHS}?year=2026&region={TOWN}")).json()
            none = (await read(client, f"{BIRTHS}?year=2025")).json()
            assert (await client.get(f"/registry/v1/{BIRTHS}?year=1500")).status_code == 400
    assert (view["girls"], view["boys"], none["girls"]) == (10, None, None)
    told = {each["month"]: each["girls"] for each in view["months"] if each["girls"] is not None}
    assert told == {"2026-03": 10}


async def test_liaisons_of_an_area_without_a_grid(client: httpx.AsyncClient) -> None:
    view = (await read(client, f"{TODAYS}?region={TOWN}")).json()
    assert (view["least"], view["most"], view["parts"]) == (8, 15, [])
    assert (view["whole"]["liaisons"], view["whole"]["each"]) == (0, None)


@pytest.mark.parametrize("table", TABLES)
async def test_days_and_places_are_checked(
    client: httpx.AsyncClient, issuer: Issuer, table: str
) -> None:
    assert (await client.get(f"/registry/v1/{table}?on=2999-01-01")).status_code == 400
    assert (await client.get(f"/registry/v1/{table}?region=420381")).status_code == 403
    assert (await client.get(f"/registry/v1/{table}?format=pdf")).status_code == 400
    other = {"Authorization": f"Bearer {issuer.token(scope='notify:read')}"}
    assert (await client.get(f"/registry/v1/{table}", headers=other)).status_code == 403


async def test_a_past_day_knows_the_register_and_the_living_of_then(database: Database) -> None:
    """She moved her register away twenty days ago and died ten days ago; the days before still
    count her, where she was."""
    async with database.transaction(make_actor()) as tx:
        view = await register_person(RegisterPerson(**make_person()), tx)
        moved, died = tx.today - timedelta(days=20), tx.today - timedelta(days=10)
        await tx.execute(
            "INSERT INTO hukou_moves (id, person_id, from_region, to_region, moved_on, cause,"
            " recorded_at, recorded_by) VALUES (gen_random_uuid(), $1, $2, $3, $4, 'moved', now(),"
            " 'test')",
            view.id,
            EAST,
            WEST,
            moved,
        )
        await tx.execute("UPDATE persons SET hukou_region = $2 WHERE id = $1", view.id, WEST)
        person = await require_person(view.id, tx)
        there = ResidenceInput.model_validate({"region": WEST, "kind": "usual", "since": moved})
        await move(person, there, tx)
        await tx.save(person)

        async def total(region: str, day: date) -> int:
            return (await count_bridge(region, day, tx)).total

        before = moved - timedelta(days=1)
        assert [await total(EAST, before), await total(WEST, before)] == [1, 0]
        assert [await total(EAST, moved), await total(WEST, moved)] == [0, 1]
        death = ReportDeath.model_validate(
            {
                "reference": "D-1",
                "region": WEST,
                "died_on": died,
                "person": {"name": "王芳", "person_id": view.id},
            }
        )
        await register_death((await report_death(death, tx)).id, tx)
        days = [died - timedelta(days=1), died, tx.today]
        assert [await total(WEST, day) for day in days] == [1, 0, 0]


async def enter_birth(tx: Tx, mother: UUID, day: date, sex: str, annulled: bool) -> None:
    child, report = new_id(), new_id()
    await tx.add(
        Person(
            id=child,
            name="某",
            sex=sex,
            birth_date=day,
            nationality="01",
            hukou_region=EAST,
            created_at=tx.now,
            updated_at=tx.now,
        ),
        BirthReport(
            id=report,
            reporter_kind=ReporterKind.OFFICE,
            reporter_org="desk",
            reference=str(report),
            region=EAST,
            reported_at=tx.now,
            reported_by="test",
            born_on=day,
            sex=sex,
            mother_name="王芳",
        ),
        Birth(
            id=new_id(),
            report_id=report,
            child_id=child,
            mother_id=mother,
            region=EAST,
            born_on=day,
            sex=sex,
            registered_at=tx.now,
            registered_by="test",
            annulled_at=tx.now if annulled else None,
        ),
    )
