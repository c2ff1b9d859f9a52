"""Units, posts, homes and households for the tests of work units, grid and agreements."""

from datetime import date
from typing import Any
from uuid import UUID

import httpx

from shared.codes import credit_code_check_digit
from shared.db import Tx
from shared.ids import new_id

HERE = "420325100001"  # of the sample regions: a community of our county
THERE = "420325100002"  # its neighbour
OTHER_TOWNSHIP = "420325101001"
PATH = "/registry/v1"


def credit_code(order: int = 1) -> str:
    """A valid credit code of a made-up unit."""
    first17 = f"91420325MA{order:07d}"
    return first17 + credit_code_check_digit(first17)


def make_unit(order: int = 1, **overrides: Any) -> dict[str, Any]:
    return {
        "credit_code": credit_code(order),
        "name": "房县第一机械厂",
        "region": HERE,
        "kind": "enterprise",
    } | overrides


def make_size(staff: int, since: str = "2024-01-01", **overrides: Any) -> dict[str, Any]:
    return {"staff": staff, "since": since, "source": "单位月报"} | overrides


async def done(client: httpx.AsyncClient, path: str, body: Any, status: int = 201) -> Any:
    answer = await client.post(f"{PATH}/{path}", json=body)
    assert answer.status_code == status, answer.text
    return answer.json()


async def read(client: httpx.AsyncClient, path: str, **headers: str) -> Any:
    answer = await client.get(f"{PATH}/{path}", headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


def make_post(level: str = "community", number: str = "01", **overrides: Any) -> dict[str, Any]:
    return {"level": level, "region": HERE, "number": number, "since": "2024-01-01"} | overrides


async def make_chain(client: httpx.AsyncClient, region: str = HERE) -> list[dict[str, Any]]:
    """A post of each level, the highest first."""
    chain: list[dict[str, Any]] = []
    for level, number in (
        ("community", "01"),
        ("coordinator", "01-01"),
        ("liaison", "01-01-01"),
        ("building-head", "01-01-01-1"),
    ):
        above = {"parent_id": chain[-1]["id"]} if chain else {}
        post = await done(client, "grid-posts", make_post(level, number, region=region, **above))
        chain.append(post)
    return chain


def login(name: str) -> str:
    """The login of a made-up member of staff, which does not tell her name."""
    return f"liaison-{ord(name[0]):x}"


def make_appointment(name: str = "李梅", **overrides: Any) -> dict[str, Any]:
    return {
        "staff": {"name": name, "phone": "13900000011", "org": "street-1", "sub": login(name)},
        "since": "2024-01-02",
    } | overrides


async def make_home(
    tx: Tx, building: str, rooms: int, *, region: str = HERE, **columns: Any
) -> tuple[UUID, list[UUID]]:
    """A building with a room for each household: its id, and the households of its rooms."""
    dwelling = new_id()
    await tx.execute(
        "INSERT INTO dwellings (id, version, region, number, use, estate, longitude, latitude,"
        " created_at, created_by) VALUES ($1, 1, $2, $3, 'owner', $4, $5, $6, $7, 'test')",
        dwelling,
        region,
        building,
        columns.get("estate"),
        columns.get("longitude"),
        columns.get("latitude"),
        tx.now,
    )
    households = [await make_household(tx, dwelling, str(n), region) for n in range(rooms)]
    return dwelling, households


async def make_household(tx: Tx, dwelling: UUID, number: str, region: str = HERE) -> UUID:
    """A household whose head lives in a room of that building."""
    room, household = new_id(), new_id()
    await tx.execute(
        "INSERT INTO rooms (id, dwelling_id, number) VALUES ($1, $2, $3)", room, dwelling, number
    )
    await tx.execute(
        "INSERT INTO households (id, version, region, county, created_at, created_by)"
        " VALUES ($1, 1, $2, '420325', $3, 'test')",
        household,
        region,
        tx.now,
    )
    await make_head(tx, household, room, region)
    return household


async def make_head(tx: Tx, household: UUID, room: UUID | None, region: str = HERE) -> UUID:
    person = new_id()
    await tx.execute(
        "INSERT INTO persons (id, version, status, name, sex, birth_date, nationality,"
        " hukou_region, household_id, household_relation, residence_region, residence_kind,"
        " residence_since, room_id, created_at, updated_at) VALUES ($1, 1, 'active', '测试',"
        " '1', '1980-01-01', '01', $2, $3, '0', $2, 'usual', '2020-01-01', $4, $5, $5)",
        person,
        region,
        household,
        room,
        tx.now,
    )
    return person


async def make_workplace(tx: Tx, person: UUID, **columns: Any) -> None:
    await tx.execute(
        "INSERT INTO workplaces (id, person_id, region, employer_code, work_unit_id, since, until,"
        " source, recorded_at, recorded_by)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, 'desk', $8, 'test')",
        new_id(),
        person,
        columns.get("region", HERE),
        columns.get("employer_code"),
        columns.get("work_unit_id"),
        columns.get("since", date(2024, 1, 1)),
        columns.get("until"),
        tx.now,
    )


async def make_lease(tx: Tx, dwelling: UUID) -> UUID:
    """A filed lease of a room there; the landlord is an organisation."""
    room, lease = new_id(), new_id()
    await tx.execute(
        "INSERT INTO rooms (id, dwelling_id, number) VALUES ($1, $2, '301')", room, dwelling
    )
    await tx.execute(
        "INSERT INTO leases (id, version, room_id, landlord_org, since, filer, reference, filed_at,"
        " recorded_at, recorded_by) VALUES ($1, 1, $2, '91350100M000100Y43', '2025-01-01', 'desk',"
        " $3, $4, $4, 'test')",
        lease,
        room,
        str(lease),
        tx.now,
    )
    return lease
