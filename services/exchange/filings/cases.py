"""Sheets of cases (三方协查表): a line asks the home county, the county where she lives and her
employer about one person, each its own question; whoever has no cell is not asked."""

from collections.abc import Sequence
from datetime import date
from typing import Any, ClassVar, Final
from uuid import UUID

from services.exchange.errors import FieldsRefused
from services.exchange.filings.words import YES_NO, told
from services.exchange.inquiries.case_schemas import CasePart, OpenCase, Party
from services.exchange.inquiries.cases import open_case
from services.exchange.inquiries.catalogue import kind_of
from services.exchange.inquiries.desk_schemas import Reference
from services.exchange.inquiries.errors import ReferenceUsed
from services.exchange.inquiries.models import Inquiry
from services.exchange.inquiries.queries import content_of
from services.exchange.participants.schemas import NodeId
from shared.codes import RegionCode, ResidentId
from shared.commands import Command
from shared.db import Tx
from shared.filings.kinds import Column, ColumnType, SheetKind
from shared.problems import Problem, Text
from shared.text import FreeText, PersonName

_ADDRESS: Final = "address-confirmation"
_EMPLOYMENT: Final = "employment-confirmation"


class SheetCase(Command):
    """What a line says. The counties are asked whether she lives at the address, the employer
    whether she works there, on the same day."""

    reference: Reference
    name: PersonName
    id_number: ResidentId
    home_region: RegionCode | None = None
    residence_region: RegionCode | None = None
    employer_node: NodeId | None = None
    address_region: RegionCode | None = None
    address: FreeText | None = None
    on: date
    urgent: bool = False

    def parts(self) -> list[CasePart]:
        """What each party is asked."""
        on = self.on.isoformat()
        place = {"address_region": self.address_region, "address": self.address, "on": on}
        question = {name: value for name, value in place.items() if value is not None}
        counties = ((Party.HOME, self.home_region), (Party.RESIDENCE, self.residence_region))
        asked: list[dict[str, Any]] = [
            {"party": party, "kind": _ADDRESS, "to_region": region, "question": question}
            for party, region in counties
            if region is not None
        ]
        if self.employer_node is not None:
            employer = {"party": Party.EMPLOYER, "kind": _EMPLOYMENT, "question": {"on": on}}
            asked.append(employer | {"to_node": self.employer_node})
        return [CasePart(**each) for each in asked]


class OpenedSo(ReferenceUsed):
    """The very case of a line is open, not only something else of its file number."""


class CaseSheet(SheetKind[SheetCase]):
    """Cases of several parties (批量三方协查表)."""

    code: ClassVar[str] = "inquiry-cases"
    title: ClassVar[Text] = Text("批量三方协查", "Cases of several parties")
    command = SheetCase
    scopes: ClassVar[frozenset[str]] = frozenset({"exchange:write"})
    already: ClassVar[tuple[type[Problem], ...]] = (OpenedSo,)
    columns: ClassVar[Sequence[Column]] = (
        Column("reference", ("案号", "文号", "reference"), "示例〔2026〕1号"),
        Column("name", ("姓名", "name"), "张三"),
        Column("id_number", ("公民身份号码", "id_number"), "11010519491231002X", ColumnType.NUMBER),
        Column("home_region", ("户籍地区划代码", "home_region"), "420381", required=False),
        Column(
            "residence_region", ("居住地区划代码", "residence_region"), "420117", required=False
        ),
        Column("employer_node", ("用人单位节点", "employer_node"), "employer-1", required=False),
        Column("address_region", ("待核实的地区", "address_region"), "420381001", required=False),
        Column("address", ("待核实的地址", "address"), "人民路1号", required=False),
        Column("on", ("核实日期", "on"), "2026-01-01", ColumnType.DAY),
        Column("urgent", ("急件", "urgent"), "否", required=False, choices=YES_NO),
    )

    async def file(self, command: SheetCase, tx: Tx) -> UUID:
        """Raises what `open_case` does; FieldsRefused says in words what is wrong."""
        parts = command.parts()
        if len(parts) < 2:
            raise FieldsRefused(
                Text(
                    "户籍地、居住地、用人单位至少写两方",
                    "Name two of home, residence and employer at least",
                )
            )
        case = OpenCase(
            **command.model_dump(include={"reference", "name", "id_number", "urgent"}), parts=parts
        )
        try:
            return (await open_case(case, tx)).id
        except ReferenceUsed as used:
            known = await tx.get(Inquiry, UUID(used.extra["inquiry_id"]))
            if known is not None and await _says_the_same(case, known, tx):
                raise OpenedSo(**used.extra) from None
            raise
        except FieldsRefused as refused:
            kinds = [kind_of(_ADDRESS), kind_of(_EMPLOYMENT)]
            raise FieldsRefused(told(kinds, refused)) from None


async def _says_the_same(case: OpenCase, known: Inquiry, tx: Tx) -> bool:
    """Whether the case of an inquiry asks the same parties the same of the same person."""
    if known.case_id is None:
        return False
    inquiries = await tx.find(
        Inquiry, "SELECT * FROM inquiries WHERE case_id = $1 ORDER BY id", known.case_id
    )
    asked = {
        str(part.party): (str(part.to_node or part.to_region), part.question, case.urgent)
        for part in case.parts
    }
    return asked == {str(each.party): _asked(each, tx) for each in inquiries} and all(
        content_of(each, tx).subject.get("name") == case.name
        and content_of(each, tx).subject.get("id_number", case.id_number) == case.id_number
        for each in inquiries
    )


def _asked(inquiry: Inquiry, tx: Tx) -> tuple[str, dict[str, Any], bool]:
    to = inquiry.to_node if inquiry.party == Party.EMPLOYER else inquiry.asked_region
    return to, content_of(inquiry, tx).question, inquiry.urgent
