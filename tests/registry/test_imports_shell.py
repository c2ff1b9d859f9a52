"""`yipan import FILE` against the running service: progress, outcome, rejects to mend."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import xlsxwriter
from click.testing import CliRunner
from python_calamine import CalamineWorkbook

from deploy.box.cli import main
from shared.testing import Issuer
from tests.conftest import ServiceFactory
from tests.registry.rosters import cells, csv_of
from tests.registry.samples import id_number
from tests.shells import Shell, shell_of


@pytest.fixture
async def shell(start_service: ServiceFactory, issuer: Issuer) -> AsyncIterator[Shell]:
    """Runs `yipan import` in a thread, against the registry on a port of its own."""
    token = issuer.token(scope="registry:read registry:write")
    async with (
        start_service("registry") as app,
        shell_of(app, lambda given, where: ["import", *given, *where], token) as shell,
    ):
        yield shell


async def test_a_roster_is_imported_and_its_rejects_come_back(shell: Shell, tmp_path: Path) -> None:
    roster, rejects = tmp_path / "roster.csv", tmp_path / "rejects.xlsx"
    roster.write_bytes(csv_of(cells(), cells(姓名="", 身份证号=id_number("42032519900101124"))))
    result = await shell(str(roster), "--rejects", str(rejects))
    assert result.exit_code == 1, result.output
    assert "1 导入 taken" in result.output
    assert "1 拒收 refused" in result.output
    table = CalamineWorkbook.from_path(rejects).get_sheet_by_index(0).to_python()
    assert table[1][-1] == "没有姓名"
    table[1][2], table[1][1] = "李娜", "8"
    with xlsxwriter.Workbook(str(rejects)) as book:
        sheet = book.add_worksheet()
        for at, row in enumerate(table):
            sheet.write_row(at, 0, [str(cell) for cell in row])
    mended = await shell(str(rejects), "--rejects", str(tmp_path / "none.xlsx"))
    assert mended.exit_code == 0, mended.output
    assert not (tmp_path / "none.xlsx").exists()


async def test_an_import_is_looked_at_again(shell: Shell, tmp_path: Path) -> None:
    roster = tmp_path / "roster.csv"
    roster.write_bytes(csv_of(cells()))
    first = await shell(str(roster), "--as-of", "2026-01-05")
    found = re.search(r"import ([0-9a-f-]{36})", first.output)
    assert found
    again = await shell("--follow", found[1])
    assert again.exit_code == 0, again.output
    assert "1 导入 taken" in again.output


async def test_what_cannot_be_imported_ends_in_a_sentence(shell: Shell, tmp_path: Path) -> None:
    wrong = tmp_path / "roster.csv"
    wrong.write_bytes("户号,姓名\n1,王芳\n".encode())
    result = await shell(str(wrong))
    assert result.exit_code == 1
    assert "表头不符" in result.output
    assert "身份证号" in result.output
    wrong.write_bytes(b"\xd0\xcf\x11\xe0 an old workbook")
    result = await shell(str(wrong))
    assert result.exit_code == 1
    assert "服务拒绝" in result.output
    assert (await shell()).exit_code == 1


def test_without_a_box_it_says_so(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["import", "--data", str(tmp_path), "--follow", "x"])
    assert result.exit_code == 1
    assert "No box runs" in result.output
