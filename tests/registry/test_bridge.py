"""The population bridge: golden figures, past days, and what is too small to tell."""

from datetime import date, timedelta
from itertools import product

import httpx
from hypothesis import given
from hypothesis import strategies as st

from deploy.box.roster import R7, RosterLine
from services.registry.persons.handlers import move, register_person
from services.registry.persons.queries import require_person
from services.registry.persons.schemas import RegisterPerson, ResidenceInput
from services.registry.statistics.queries import count_bridge, get_population_bridge
from services.registry.statistics.rules import (
    FIGURES,
    Bridge,
    identities_hold,
    identity_texts,
    suppressed_figures,
)
from shared.db import Database, Tx
from shared.suppression import SMALLEST
from shared.testing import Issuer, make_actor
from tests.registry.rosters import csv_of, run, sample
from tests.registry.samples import make_person

HERE, AWAY = "420325100001", "420381"
GOLDEN = Bridge(97_872, 61_220, 32_363, 6_174, 35_031, 30_478)

# hukou, residence, kind, how many: the margins of a real street
STREET = [
    (HERE, HERE, "usual", 32_363 - 6_174),
    (HERE, AWAY, "usual", 6_000),
    (HERE, None, None, 174),
    (AWAY, HERE, "usual", 35_031),
    (AWAY, HERE, "migrant", 30_478),
    ("420325101001", "420325101001", "usual", 50),
]

_FILL = """
INSERT INTO persons (id, version, status, name, sex, birth_date, nationality, hukou_region,
                     residence_region, residence_kind, residence_since, created_at, updated_at)
SELECT gen_random_uuid(), 1, 'active', '某', '1', '1990-01-01', '01', $1, $2::text, $3,
       CASE WHEN $2::text IS NOT NULL THEN date '2020-01-01' END, now(), now()
FROM generate_series(1, $4)
"""


async def test_the_golden_figures_of_a_street(database: Database) -> None:
    async with database.transaction(make_actor()) as tx:
        for hukou, residence, kind, count in STREET:
            await tx.execute(_FILL, hukou, residence, kind, count)
        view = await get_population_bridge("420325100", None, tx)
    assert not view.suppressed
    assert view.checks == [
        "97,872 = 61,220 + 30,478 + 6,174",
        "61,220 = 32,363 - 6,174 + 35,031",
    ]
    assert Bridge(**view.model_dump(include=set(FIGURES))) == GOLDEN
    assert (R7.total, R7.usual) == (GOLDEN.total, GOLDEN.usual)


async def test_an_imported_roster_gives_its_margins(client: httpx.AsyncClient) -> None:
    rows = [[getattr(line, name) for name in RosterLine.__slots__] for line in sample(200)]
    await run(client, csv_of(*rows))
    view = (await client.get("/registry/v1/population-bridge?region=420325100")).json()
    margins = R7.scaled(200)
    assert (view["total"], view["usual"]) == (margins.total, margins.usual)
    assert (view["hukou"], view["absent"]) == (margins.hukou, margins.absent)
    assert (view["separated"], view["migrants"]) == (margins.settled, margins.migrants)


async def test_a_past_day_follows_where_people_lived_then(database: Database) -> None:
    async with database.transaction(make_actor()) as tx:
        view = await register_person(RegisterPerson(**make_person()), tx)
        person = await require_person(view.id, tx)
        moved = tx.today - timedelta(days=10)
        away = ResidenceInput.model_validate({"region": AWAY, "kind": "usual", "since": moved})
        await move(person, away, tx)
        await tx.save(person)
        assert (await absent_on(tx.today, tx), await absent_on(moved, tx)) == (1, 1)
        assert await absent_on(moved - timedelta(days=1), tx) == 0
        before_her = await count_bridge("420325100", date(1989, 12, 31), tx)
        assert before_her.total == 0


async def absent_on(day: date, tx: Tx) -> int:
    bridge = await count_bridge("420325100", day, tx)
    assert identities_hold(bridge)
    assert bridge.hukou == 1
    return bridge.absent


async def test_small_figures_are_not_told(client: httpx.AsyncClient, issuer: Issuer) -> None:
    await client.post("/registry/v1/persons", json=make_person())
    view = (await client.get("/registry/v1/population-bridge")).json()
    assert view["suppressed"]
    assert [view[name] for name in FIGURES] == [None] * 6
    assert view["checks"][0] == "… = … + … + …"
    tomorrow = (await client.get("/registry/v1/population-bridge?on=2999-01-01")).status_code
    assert tomorrow == 400
    outside = await client.get("/registry/v1/population-bridge?region=420381")
    assert outside.status_code == 403
    other = {"Authorization": f"Bearer {issuer.token(scope='notify:read')}"}
    assert (await client.get("/registry/v1/population-bridge", headers=other)).status_code == 403


def bridge_of(hukou: int, absent: int, separated: int, migrants: int) -> Bridge:
    usual = hukou - absent + separated
    return Bridge(usual + migrants + absent, usual, hukou, absent, separated, migrants)


def possible(bridge: Bridge, hidden: frozenset[str], spread: int) -> dict[str, set[int]]:
    """Every value that each hidden figure can have, for a reader of the others."""
    values: dict[str, set[int]] = {name: set() for name in hidden}
    near = [
        range(max(0, n - spread), n + spread + 1)
        for n in (bridge.hukou, bridge.absent, bridge.separated, bridge.migrants)
    ]
    for guess in product(*near):
        other = bridge_of(*guess)
        if all(
            getattr(other, name) == getattr(bridge, name)
            for name in bridge.figures()
            if name not in hidden
        ):
            for name in hidden:
                values[name].add(getattr(other, name))
    return values


small_or_not = st.one_of(st.integers(0, 12), st.integers(10, 500))


@given(small_or_not, small_or_not, small_or_not, small_or_not)
def test_nothing_small_follows_from_what_is_told(
    present: int, absent: int, separated: int, migrants: int
) -> None:
    bridge = bridge_of(present + absent, absent, separated, migrants)
    assert identities_hold(bridge)
    hidden = suppressed_figures({HERE: bridge})[HERE]
    for name, value in bridge.figures().items():
        assert value >= SMALLEST or name in hidden
    for name, values in possible(bridge, hidden, 2).items():
        if 0 < getattr(bridge, name) < SMALLEST:
            assert len(values) > 1, name


def test_large_figures_are_all_told() -> None:
    assert suppressed_figures({HERE: GOLDEN}) == {HERE: frozenset()}
    assert identity_texts(GOLDEN, frozenset({"absent", "migrants"})) == [
        "97,872 = 61,220 + … + …",
        "61,220 = 32,363 - … + 35,031",
    ]
