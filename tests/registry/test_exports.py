"""Exports over HTTP and by the worker: out and in again, least disclosure, interruptions."""

import asyncio
import csv
import io
from contextlib import suppress
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest

from deploy.box.roster import RosterLine
from services.registry.errors import ExportClosed
from services.registry.exports import worker as worker_module
from services.registry.exports.handlers import cancel_export, start_export
from services.registry.exports.queries import file_of, finished_export
from services.registry.exports.schemas import StartExport
from services.registry.exports.worker import ExportWorker
from services.registry.imports.worker import ImportWorker
from shared.actors import service_actor
from shared.db import Database
from shared.problems import OutsideJurisdiction
from shared.testing import Issuer, make_actor
from shared.usage import Purpose
from tests.conftest import Cluster
from tests.registry.rosters import cells, counts, csv_of, run, sample
from tests.registry.samples import id_number
from tests.registry.test_imports_routes import table_of
from tests.registry.test_imports_worker import one, send

PATH = "/registry/v1/exports"
SERVICE = service_actor("registry", "county-420325", "420325")


def row(line: RosterLine) -> list[str]:
    return [getattr(line, name) for name in RosterLine.__slots__]


async def ask(client: httpx.AsyncClient, **body: Any) -> dict[str, Any]:
    answer = await client.post(PATH, json={"what": "persons", "region": "420325"} | body)
    assert answer.status_code == 202, answer.text
    view: dict[str, Any] = answer.json()
    for _ in range(400):
        view = (await client.get(f"{PATH}/{view['id']}")).json()
        if view["status"] not in ("waiting", "running"):
            return view
        await asyncio.sleep(0.05)
    raise AssertionError(f"the export does not end: {view}")


async def table(client: httpx.AsyncClient, **body: Any) -> list[list[str]]:
    view = await ask(client, **body)
    assert (view["status"], view["percent"]) == ("finished", 100)
    answer = await client.get(f"{PATH}/{view['id']}/file")
    assert answer.status_code == 200
    return table_of(answer.content, view["format"])


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
async def test_what_was_exported_is_imported_and_changes_nothing(
    client: httpx.AsyncClient, kind: str
) -> None:
    lines = [row(line) for line in sample(400)]
    lines.append(cells(户号="H-9", 工作单位="=cmd|x"))
    lines.append(
        cells(户号="H-9", 姓名="王小小", 身份证号="", 出生日期="2024-03-04", 与户主关系="3")
    )
    assert counts(await run(client, csv_of(*lines))) == (len(lines), 0, 0)
    view = await ask(client, format=kind)
    assert (view["rows"], view["total"]) == (len(lines), len(lines))
    answer = await client.get(f"{PATH}/{view['id']}/file")
    assert answer.headers["content-disposition"].endswith(f'persons-420325.{kind}"')
    again = await run(client, answer.content)
    assert counts(again) == (0, len(lines), 0)


async def test_numbers_are_masked_unless_the_purpose_needs_them(client: httpx.AsyncClient) -> None:
    await run(client, csv_of(cells(手机号="13900000001")))
    columns = ["name", "id_number", "phone"]
    assert (await table(client, columns=columns))[1] == ["王芳", id_number(), "13900000001"]
    client.headers["Purpose"] = "data-quality"
    name, number, phone = (await table(client, columns=columns))[1]
    assert (name, number[:6], number[-2:], phone[:3]) == ("王芳", "420325", id_number()[-2:], "139")
    assert "*" in number
    assert "*" in phone
    client.headers["Purpose"] = "oversight"
    headers, line = await table(client)
    assert "姓名" not in headers
    assert "王芳" not in line


async def test_columns_that_the_purpose_does_not_need_are_refused(
    client: httpx.AsyncClient,
) -> None:
    client.headers["Purpose"] = "service"
    body = {"what": "persons", "region": "420325", "columns": ["name", "id_number"]}
    answer = await client.post(PATH, json=body)
    assert (answer.status_code, "id_number" in answer.json()["allowed"]) == (403, False)
    client.headers["Purpose"] = "verification"
    answer = await client.post(PATH, json={"what": "persons", "region": "420325"})
    assert answer.json()["type"].endswith("/columns-not-allowed")
    client.headers["Purpose"] = "registration"
    body["columns"] = ["no-such"]
    assert (await client.post(PATH, json=body)).status_code == 403


async def test_every_exported_person_sees_that_she_was(client: httpx.AsyncClient) -> None:
    await run(client, csv_of(cells(), cells(姓名="李强", 与户主关系="8", 身份证号=other(124))))
    for what in ("persons", "residences"):
        view = await ask(client, what=what)
        app = client._transport.app  # type: ignore[attr-defined]
        async with app.state.database.acquire() as connection:
            seen = await connection.fetchval(
                "SELECT count(DISTINCT u.subject_id) FROM usage_entries AS u"
                " WHERE u.kind = 'export' AND u.actor_sub = 'clerk-1'"
            )
            await connection.execute("SELECT 1")
        assert view["rows"] == 2
        assert seen == 2


def other(order: int) -> str:
    return id_number(f"42032519900101{order}")


async def test_households_dwellings_and_residences(client: httpx.AsyncClient) -> None:
    await run(client, csv_of(cells()))
    households = await table(client, what="households")
    assert households[1][:3] == ["H-1", "420325100001", "1"]
    dwellings = await table(client, what="dwellings", format="xlsx")
    assert dwellings[1][:2] == ["420325100001", "B-1"]
    assert dwellings[1][4:] == ["自住", "1", "1"]
    residences = await table(client, what="residences", columns=["name", "region", "kind"])
    assert residences[1] == ["王芳", "420325100001", "常住"]
    assert len(await table(client, what="households", region="420325101")) == 1


async def test_the_file_is_its_requesters_alone(client: httpx.AsyncClient, issuer: Issuer) -> None:
    await run(client, csv_of(cells()))
    view = await ask(client)
    scope = "registry:read registry:write"
    strangers: list[dict[str, Any]] = [{"sub": "clerk-2"}, {"region": "420381"}]
    for claims in strangers:
        stranger = {"Authorization": f"Bearer {issuer.token(scope=scope, **claims)}"}
        for path in (f"{PATH}/{view['id']}", f"{PATH}/{view['id']}/file"):
            assert (await client.get(path, headers=stranger)).status_code == 404
        cancelled = await client.post(f"{PATH}/{view['id']}/cancellation", headers=stranger)
        assert cancelled.status_code == 404
    reader = {"Authorization": f"Bearer {issuer.token(scope='registry:read')}"}
    body = {"what": "persons", "region": "420325"}
    assert (await client.post(PATH, json=body, headers=reader)).status_code == 403
    outside = await client.post(PATH, json=body | {"region": "420381"})
    assert outside.status_code == 403
    wrong: list[dict[str, Any]] = [{"what": "pets"}, {"region": "4203x5"}, {"format": "pdf"}]
    for bad in [*wrong, {"columns": []}]:
        assert (await client.post(PATH, json=body | bad)).status_code == 422
    gone = await client.post(f"{PATH}/{view['id']}/cancellation")
    assert gone.json()["status"] == "deleted"
    late = await client.get(f"{PATH}/{view['id']}/file")
    assert (late.status_code, late.json()["type"][-14:]) == (409, "/export-closed")
    del client.headers["Purpose"]
    assert (await client.post(PATH, json=body)).status_code == 400
    assert (await client.get(f"{PATH}/{view['id']}/file")).status_code == 400


async def start(database: Database, **body: Any) -> UUID:
    command = StartExport.model_validate({"what": "persons", "region": "420325"} | body)
    async with database.transaction(make_actor(), purpose=Purpose.REGISTRATION) as tx:
        started = await start_export(command, tx)
        assert tx.called == {ExportWorker.kind}
        return started.id


async def fill(database: Database, divisor: int = 400) -> int:
    lines = [row(line) for line in sample(divisor)]
    await send(database, csv_of(*lines))
    assert await ImportWorker(database, SERVICE).work_once()
    return len(lines)


async def export_of(database: Database, export_id: UUID) -> dict[str, Any]:
    async with database.transaction(make_actor(region="42")) as tx:
        found = await tx.fetch_row("SELECT * FROM exports WHERE id = $1", export_id)
        assert found is not None
        return dict(found)


async def rows_in(database: Database, export_id: UUID) -> list[list[str]]:
    actor = make_actor()
    async with database.transaction(actor, purpose=Purpose.REGISTRATION) as tx:
        export = await finished_export(export_id, tx)
    content = b"".join([piece async for piece in file_of(export, actor, database)])
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))[1:]


async def test_an_export_survives_interruptions_and_holds_everybody_once(
    database: Database,
) -> None:
    people = await fill(database)
    export_id = await start(database)
    for _ in range(3):
        before = (await export_of(database, export_id))["rows"]
        worker = asyncio.create_task(ExportWorker(database, SERVICE, page=20).work_once())
        while (await export_of(database, export_id))["rows"] < before + 40:
            await asyncio.sleep(0)
        worker.cancel()
        with suppress(asyncio.CancelledError):
            await worker
    assert (await export_of(database, export_id))["status"] == "running"
    workers = [ExportWorker(database, SERVICE, page=20).work_once() for _ in range(2)]
    assert sorted(await asyncio.gather(*workers)) == [False, True]
    rows = await rows_in(database, export_id)
    assert len(rows) == len({line[5] for line in rows}) == people
    looks = "SELECT count(*) FROM usage_entries WHERE kind = 'export'"
    assert await one(database, looks) == people + 1  # and the file's own


async def test_an_export_called_off_keeps_nothing(database: Database) -> None:
    await fill(database)
    export_id = await start(database)
    worker = asyncio.create_task(ExportWorker(database, SERVICE, page=10).work_once())
    while not (await export_of(database, export_id))["rows"]:
        await asyncio.sleep(0)
    async with database.transaction(make_actor()) as tx:
        await cancel_export(export_id, tx)
    assert await worker
    assert (await export_of(database, export_id))["status"] == "cancelled"
    assert await one(database, "SELECT count(*) FROM export_parts") == 0
    async with database.transaction(make_actor()) as tx:
        with pytest.raises(ExportClosed):
            await cancel_export(export_id, tx)


async def test_the_file_is_sealed_and_deleted_after_its_time(
    database: Database, cluster: Cluster
) -> None:
    await fill(database)
    export_id = await start(database)
    worker = ExportWorker(database, SERVICE)
    assert await worker.work_once()
    connection = await asyncpg.connect(cluster.owner("registry"))
    stored = b"".join(
        each["content_sealed"]
        for each in await connection.fetch("SELECT content_sealed FROM export_parts")
    )
    await connection.close()
    number = (await rows_in(database, export_id))[0][5]
    assert number.encode() not in stored
    await worker.sweep()
    assert (await export_of(database, export_id))["status"] == "finished"
    async with database.transaction(SERVICE) as tx:
        await tx.execute("UPDATE exports SET kept_until = now()")
    await ExportWorker(database, SERVICE).sweep()
    assert (await export_of(database, export_id))["status"] == "deleted"
    assert await one(database, "SELECT count(*) FROM export_parts") == 0


async def test_an_export_that_fails_is_given_up(database: Database, cluster: Cluster) -> None:
    await fill(database)
    connection = await asyncpg.connect(cluster.owner("registry"))
    await connection.execute("UPDATE persons SET id_number_sealed = 'x'")
    await connection.close()
    export_id = await start(database)
    for _ in range(worker_module.ATTEMPTS):
        assert await ExportWorker(database, SERVICE).work_once()
        async with database.transaction(SERVICE) as tx:
            await tx.execute("UPDATE exports SET next_attempt_at = now()")
    failed = await export_of(database, export_id)
    assert (failed["status"], failed["error"]) == ("failed", "SealBroken")
    assert await one(database, "SELECT count(*) FROM export_parts") == 0


async def test_nobody_exports_a_region_that_is_not_hers(database: Database) -> None:
    with pytest.raises(OutsideJurisdiction):
        await start(database, region="4203")
