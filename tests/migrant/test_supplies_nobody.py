"""Nobody is written down for free supplies: the whole database and the log are searched for her
and for her code, after she drew it with her own login and used it."""

import re

import asyncpg
import httpx
import pytest

from services.migrant.supplies.rules import plain_code
from services.migrant.tables import metadata
from shared.ids import new_id
from shared.testing import Issuer
from tests.conftest import Cluster
from tests.migrant.conftest import bearer
from tests.migrant.test_supplies_routes import BASE, against, done, machine, stocked

ABOUT_SOMEBODY = re.compile(r"person|subject|phone|holder|drawn|issued|_at$|office|device|actor")


async def every_row(cluster: Cluster) -> dict[str, list[str]]:
    """Each table's rows as text, bytes in hexadecimal; as the owner, past every wall."""
    connection = await asyncpg.connect(cluster.owner("migrant"))
    try:
        tables = await connection.fetch(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
        )
        return {
            name: [row[0] for row in await connection.fetch(f'SELECT t::text FROM "{name}" AS t')]
            for (name,) in tables
        }
    finally:
        await connection.close()


async def test_nothing_links_her_to_what_she_took(
    client: httpx.AsyncClient,
    issuer: Issuer,
    cluster: Cluster,
    capfd: pytest.CaptureFixture[str],
) -> None:
    point, herself = await stocked(client), str(new_id())
    own = bearer(issuer, scope="self", sub=herself) | {
        "Idempotency-Key": "her-key-0001",
        "Case": "her-case-0001",
        "Purpose": "service",
    }
    before = await every_row(cluster)
    (code,) = (await done(client, "codes", {}, **own))["codes"]
    drawn = await every_row(cluster)
    changed = {name for name, rows in drawn.items() if rows != before[name]}
    assert changed == {"supply_codes"}
    (row,) = drawn["supply_codes"]
    assert re.fullmatch(r'\("\\\\x[0-9a-f]{64}",\d{4}-\d\d-\d\d,f\)', row)
    told = machine(issuer) | {"Idempotency-Key": "the machine's own"}
    given = await done(client, "dispensings", against(point, code), **told)
    assert given == {"answer": "dispensed"}
    traces = [herself, "her-key-0001", "her-case-0001", code, plain_code(code)]
    traces += [each.encode().hex() for each in traces]
    rows = await every_row(cluster)
    found = {
        (name, trace) for name, texts in rows.items() for text in texts for trace in traces
        if trace in text
    }  # fmt: skip
    assert found == set()
    logged = capfd.readouterr()
    assert "supply-codes" in logged.out + logged.err
    assert not [trace for trace in traces if trace in logged.out + logged.err]


async def test_the_same_key_draws_anew(client: httpx.AsyncClient, issuer: Issuer) -> None:
    """A replayed answer would have to be stored under her login: it is not."""
    own = bearer(issuer, scope="self", sub=str(new_id())) | {"Idempotency-Key": "k"}
    codes = [(await done(client, "codes", {}, **own))["codes"] for _ in range(2)]
    assert codes[0] != codes[1]


def test_no_table_of_codes_has_a_place_for_a_person_or_a_moment() -> None:
    tables = metadata.tables
    assert set(tables["supply_codes"].columns.keys()) == {"code_index", "expires_on", "used"}
    for name in ("supply_codes", "supply_days", "supply_reports"):
        columns = tables[name].columns.keys()
        assert not [each for each in columns if ABOUT_SOMEBODY.search(each)], name
    assert ABOUT_SOMEBODY.search("person_id")


@pytest.mark.parametrize("path", ["codes", "cards", "dispensings", "reports"])
def test_no_request_takes_a_person(path: str) -> None:
    from shared.contracts import openapi

    document = openapi("migrant")
    body = document["paths"][BASE + path]["post"]["requestBody"]["content"]["application/json"]
    schema = document["components"]["schemas"][body["schema"]["$ref"].rpartition("/")[2]]
    assert not [name for name in schema["properties"] if ABOUT_SOMEBODY.search(name)]
