"""What the sheets of the exchange are: for each kind of inquiry one, with the columns that the
catalogue names, and one of cases of several parties. Every line is an inquiry in its own right,
known by its file number: the same line again changes nothing."""

from typing import Annotated, ClassVar, Final
from uuid import UUID

from pydantic import Field

from services.exchange.errors import FieldsRefused
from services.exchange.filings.cases import CaseSheet
from services.exchange.filings.words import YES_NO, told
from services.exchange.inquiries.catalogue import (
    FieldSpec,
    FieldType,
    Kind,
    Value,
    check_question,
    check_subject,
    kinds,
    subject_fields,
)
from services.exchange.inquiries.desk_schemas import Reference
from services.exchange.inquiries.errors import ReferenceUsed
from services.exchange.inquiries.handlers import ask
from services.exchange.inquiries.models import Inquiry
from services.exchange.inquiries.queries import content_of
from services.exchange.inquiries.schemas import OpenInquiry
from services.exchange.participants.schemas import NodeId
from shared.codes import RegionCode
from shared.commands import Command
from shared.db import Tx
from shared.filings.kinds import AnyKind, Column, ColumnType, SheetKind
from shared.problems import Problem, Text

_TYPES: Final = {
    FieldType.RESIDENT_ID: ColumnType.NUMBER,
    FieldType.CREDIT_CODE: ColumnType.NUMBER,
    FieldType.CODE: ColumnType.NUMBER,
    FieldType.ID_TAIL: ColumnType.NUMBER,
    FieldType.DATE: ColumnType.DAY,
}
_EXAMPLES: Final = {
    FieldType.NAME: "张三",
    FieldType.RESIDENT_ID: "11010519491231002X",  # the example of GB 11643 itself
    FieldType.ID_TAIL: "002X",
    FieldType.DATE: "2026-01-01",
    FieldType.REGION: "420381001",
    FieldType.TEXT: "人民路1号",
    FieldType.CODE: "0198c0de-0000-7000-8000-000000000000",
    FieldType.CREDIT_CODE: "91350100M000100Y43",
    FieldType.YES_NO: "是",
    FieldType.INTEGER: "100",
}

_Cell = Annotated[str, Field(max_length=300)]


class SheetInquiry(Command):
    """What a line says. Counties are asked by region, employers by the id of their node."""

    to_region: RegionCode | None = None
    to_node: NodeId | None = None
    reference: Reference
    urgent: bool = False
    subject: dict[str, _Cell] = Field(default_factory=dict)
    question: dict[str, _Cell] = Field(default_factory=dict)


class AskedSo(ReferenceUsed):
    """The very inquiry of a line is open, not only another of its file number."""


class InquirySheet(SheetKind[SheetInquiry]):
    """Inquiries of one kind (批量协查表)."""

    kind: ClassVar[Kind]
    command = SheetInquiry
    scopes: ClassVar[frozenset[str]] = frozenset({"exchange:write"})
    already: ClassVar[tuple[type[Problem], ...]] = (AskedSo,)

    async def file(self, command: SheetInquiry, tx: Tx) -> UUID:
        """Raises what `open_inquiry` does; FieldsRefused says in words which columns."""
        opened = OpenInquiry(
            kind=self.kind.code,
            to_region=command.to_region,
            to_node=command.to_node,
            reference=command.reference,
            urgent=command.urgent,
            subject={**command.subject},
            question=typed(self.kind, command.question),
        )
        try:
            return (await ask(opened, tx)).id
        except ReferenceUsed as used:
            if await self._says_the_same(opened, UUID(used.extra["inquiry_id"]), tx):
                raise AskedSo(**used.extra) from None
            raise
        except FieldsRefused as refused:
            raise FieldsRefused(told([self.kind], refused)) from None

    async def _says_the_same(self, opened: OpenInquiry, inquiry_id: UUID, tx: Tx) -> bool:
        inquiry = await tx.get(Inquiry, inquiry_id)
        if inquiry is None or inquiry.kind != self.kind.code:
            return False
        known = content_of(inquiry, tx)
        asked = inquiry.asked_region if opened.to_node is None else inquiry.to_node
        return (asked, inquiry.urgent, known.subject, known.question) == (
            opened.to_node or opened.to_region,
            opened.urgent,
            check_subject(self.kind, opened.subject),
            check_question(self.kind, opened.question),
        )


def typed(kind: Kind, cells: dict[str, str]) -> dict[str, Value]:
    """Cells as the catalogue takes them; what makes no sense stays for it to refuse."""
    types = {spec.name: spec.type for spec in kind.question}
    return {name: _typed(types.get(name), text) for name, text in cells.items()}


def _typed(type: FieldType | None, text: str) -> Value:
    if type is FieldType.INTEGER and text.isascii() and text.isdigit() and len(text) < 17:
        return int(text)
    if type is FieldType.YES_NO and text in YES_NO.values():
        return text == "true"
    return text


def _column(part: str, spec: FieldSpec) -> Column:
    return Column(
        f"{part}.{spec.name}",
        (spec.zh, spec.name),
        spec.choices[0] if spec.choices else _EXAMPLES[spec.type],
        type=_TYPES.get(spec.type, ColumnType.TEXT),
        required=spec.required,
        choices=YES_NO if spec.type is FieldType.YES_NO else None,
    )


_BY_REGION: Final = Column("to_region", ("对方区划代码", "对方地区", "to_region"), "420381")
_BY_NODE: Final = Column("to_node", ("用人单位节点", "对方节点", "to_node"), "employer-91350100")


def _sheet(of: Kind) -> AnyKind:
    class Sheet(InquirySheet):
        kind = of
        code = f"inquiries-{of.code}"
        title = Text(f"批量协查:{of.zh}", f"Inquiries: {of.en}")
        columns = (
            Column("reference", ("案号", "文号", "reference"), "示例〔2026〕1号"),
            _BY_NODE if of.asked_of == ["employer"] else _BY_REGION,
            *(_column("subject", spec) for spec in subject_fields(of)),
            *(_column("question", spec) for spec in of.question),
            Column("urgent", ("急件", "urgent"), "否", required=False, choices=YES_NO),
        )

    return Sheet()


_SHEETS: Final = [*map(_sheet, kinds().values()), CaseSheet()]
KINDS: Final[dict[str, AnyKind]] = {sheet.code: sheet for sheet in _SHEETS}
