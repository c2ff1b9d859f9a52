"""Sheets that address employers: of one kind of inquiry, and of cases of several parties."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from shared.testing import Issuer
from tests.conftest import Cluster
from tests.exchange.federation import COUNTY, OTHER, Federation, Node, settled
from tests.exchange.samples import id_number
from tests.exchange.test_inquiries_cases import EMPLOYER, Town, employer_of
from tests.exchange.test_inquiries_sheets import filed, lines_of, sheet


@pytest.fixture
async def town(strangers: Federation, cluster: Cluster, issuer: Issuer) -> AsyncIterator[Town]:
    async with employer_of(strangers, cluster, issuer) as employer:
        yield Town(strangers, strangers[COUNTY], strangers[OTHER], employer)


async def filed_rows(node: Node, kind: str, *rows: dict[str, str]) -> Any:
    """The filing of a sheet when it is over; columns are those of the first row."""
    headers = list(rows[0])
    content = sheet(*([row[each] for each in headers] for row in rows), headers=headers)
    return await filed(node, content, kind=kind)


def case(reference: str, **overrides: str) -> dict[str, str]:
    return {
        "案号": reference,
        "姓名": "王芳",
        "公民身份号码": id_number(),
        "户籍地区划代码": "420381",
        "用人单位节点": EMPLOYER,
        "待核实的地区": "420381001",
        "核实日期": "2026-05-01",
        "急件": "是",
    } | overrides


async def test_an_employer_is_asked_by_a_sheet(town: Town) -> None:
    row = {
        "案号": "岗1号",
        "用人单位节点": EMPLOYER,
        "姓名": "王芳",
        "公民身份号码后四位": id_number()[-4:],
        "核实日期": "2026-05-01",
    }
    kind = "inquiries-employment-confirmation"
    unknown = row | {"案号": "岗2号", "用人单位节点": "employer-999"}
    county = row | {"案号": "岗3号", "用人单位节点": OTHER}
    done = await filed_rows(town.here, kind, row, unknown, county)
    assert (done["accepted"], done["refused"]) == (1, 2)
    again = await filed_rows(town.here, kind, row, row | {"案号": "岗4号"})
    assert (again["accepted"], again["already"]) == (1, 1)
    await settled(town.friends)
    (first,) = (await town.employer.call("GET", "/inquiries?side=asked&reference=岗1"))["items"]
    view = await town.employer.call("GET", f"/inquiries/{first['id']}")
    assert view["subject"] == {"name": "王芳", "id_tail": id_number()[-4:]}


async def test_each_line_is_a_case_and_the_same_line_changes_nothing(town: Town) -> None:
    done = await filed_rows(town.here, "inquiry-cases", case("三方1号"), case("三方2号"))
    assert (done["accepted"], done["refused"]) == (2, 0)
    again = await filed_rows(town.here, "inquiry-cases", case("三方1号"), case("三方3号"))
    assert (again["accepted"], again["already"]) == (1, 1)
    cases = (await town.here.call("GET", "/inquiry-cases"))["items"]
    assert [each["parts"] for each in cases] == [2, 2, 2]
    lines = await lines_of(town.here, done["id"])
    assert {each["record_id"] for each in lines} <= {each["id"] for each in cases}
    await settled(town.friends)
    asked = (await town.employer.call("GET", "/inquiries?side=asked"))["items"]
    assert {each["kind"] for each in asked} == {"employment-confirmation"}
    told = await town.employer.call("GET", f"/inquiries/{asked[0]['id']}")
    assert told["subject"] == {"name": "王芳", "id_tail": id_number()[-4:]}
    assert told["question"] == {"on": "2026-05-01"}
    home = (await town.home.call("GET", "/inquiries?side=asked"))["items"]
    assert {each["urgent"] for each in home} == {True}


async def test_what_a_line_lacks_or_contradicts_comes_back(town: Town) -> None:
    await filed_rows(town.here, "inquiry-cases", case("三方1号"))
    done = await filed_rows(
        town.here,
        "inquiry-cases",
        case("三方1号", 核实日期="2026-05-02"),  # used for another question
        case("三方1号", 姓名="王方"),  # of another person
        case("三方5号", 用人单位节点=""),  # one party
        case("三方6号", 待核实的地区=""),  # a county is asked for no place
        case("三方7号", 公民身份号码=id_number()[:-1] + "0"),
        case("三方8号", 户籍地区划代码="110101"),
        case("三方9号", 户籍地区划代码="420325"),  # we do not ask ourselves
    )
    assert (done["accepted"], done["already"], done["refused"]) == (0, 0, 7)
    assert len((await town.here.call("GET", "/inquiry-cases"))["items"]) == 1
    assert len(await town.here.fetch("SELECT 1 FROM inquiries")) == 2
