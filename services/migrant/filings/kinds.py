"""What the sheets of this service are: a school year or a building site arriving, what an employer
files of its workers, whom a list of benefits pays."""

from typing import Any, ClassVar, Final
from uuid import UUID

from services.migrant.arrivals.handlers import register_arrival
from services.migrant.arrivals.models import StayPurpose
from services.migrant.arrivals.schemas import RegisterArrival
from services.migrant.benefits.errors import AlreadyListed
from services.migrant.benefits.handlers import file_line
from services.migrant.benefits.schemas import FileLine
from services.migrant.employments.handlers import file_employment, file_leaver
from services.migrant.employments.schemas import FileEmployment, FileLeaver
from services.migrant.errors import AlreadyArrived, AlreadyFiled, AlreadyLeft, OverlapsStay
from services.migrant.people.queries import find_known
from services.migrant.people.rules import is_office
from services.migrant.regions.queries import place_of
from shared.actors import Actor
from shared.db import Tx
from shared.filings.kinds import AnyKind, Column, ColumnType, SheetKind
from shared.problems import Problem, Text

_NUMBER: Final = "11010519491231002X"  # the example of GB 11643 itself
_EMPLOYER: Final = "91350100M000100Y43"  # the example of GB 32100 itself
_NAME: Final = "张三(示例,可不删)"
_PURPOSES: Final = {
    **{purpose.value: purpose.value for purpose in StayPurpose},
    **{"务工": "work", "工作": "work", "经商": "business", "学习": "study", "上学": "study"},
    **{"随迁": "family", "投靠": "family", "探亲": "family", "其他": "other"},
}


def _name(field: str = "name") -> Column:
    return Column(field, ("姓名", "name"), _NAME)


def _number(field: str = "id_number") -> Column:
    return Column(
        field,
        ("身份证号", "公民身份号码", "证件号码", "id_number"),
        _NUMBER,
        type=ColumnType.NUMBER,
    )


_EMPLOYER_CODE: Final = Column(
    "employer_code",
    ("统一社会信用代码", "信用代码", "employer_code"),
    _EMPLOYER,
    type=ColumnType.NUMBER,
    required=False,
)


class Arrivals(SheetKind[RegisterArrival]):
    """Several people at once (批量流入登记), entered by an office."""

    code: ClassVar[str] = "arrivals"
    title: ClassVar[Text] = Text("流入登记表", "Arrivals")
    command = RegisterArrival
    scopes: ClassVar[frozenset[str]] = frozenset({"migrant:write"})
    already: ClassVar[tuple[type[Problem], ...]] = (AlreadyArrived,)
    columns: ClassVar[tuple[Column, ...]] = (
        _name(),
        _number(),
        Column("origin_region", ("户籍地区划代码", "户籍地", "origin_region"), "500101"),
        Column("region", ("现居住地区划代码", "现居住地", "region"), "420325100001"),
        Column(
            "arrived_on", ("到达日期", "流入日期", "arrived_on"), "2026-03-02", type=ColumnType.DAY
        ),
        Column(
            "stay_purpose",
            ("流入事由", "stay_purpose"),
            "务工",
            choices=_PURPOSES,
        ),
        Column("room_id", ("房间编号", "room_id"), "", required=False),
        Column("employer", ("工作单位", "employer"), "", required=False),
        Column("phone", ("手机号", "联系电话", "phone"), "", required=False),
    )

    async def known(self, command: RegisterArrival, tx: Tx) -> UUID | None:
        """The clerk learns whether the county has met her, and under which name."""
        return await _met(command.id_number, tx)

    async def file(self, command: RegisterArrival, tx: Tx) -> UUID:
        try:
            return (await register_arrival(command, tx)).id
        except OverlapsStay:
            if await self._recorded(command, tx):
                raise AlreadyArrived() from None
            raise

    async def _recorded(self, command: RegisterArrival, tx: Tx) -> bool:
        """Whether this very arrival is there, though she has moved on since."""
        return bool(
            await tx.fetch_value(
                "SELECT 1 FROM arrivals WHERE person_id = $1 AND region = $2 AND arrived_on = $3",
                await self.known(command, tx),
                await place_of(command.region, command.arrived_on, tx),
                command.arrived_on,
            )
        )


class _OfEmployer:
    """An employer need not write its own code in each line."""

    def complete(self, values: dict[str, Any], actor: Actor) -> None:
        if not is_office(actor):
            values.setdefault("employer_code", actor.org)


class Hires(_OfEmployer, SheetKind[FileEmployment]):
    """Hires (用工备案表)."""

    code: ClassVar[str] = "hires"
    title: ClassVar[Text] = Text("用工备案表", "Hires")
    command = FileEmployment
    scopes: ClassVar[frozenset[str]] = frozenset({"migrant:employ", "migrant:write"})
    already: ClassVar[tuple[type[Problem], ...]] = (AlreadyFiled,)
    columns: ClassVar[tuple[Column, ...]] = (
        _EMPLOYER_CODE,
        _name("worker.name"),
        _number("worker.id_number"),
        Column("region", ("工作地区划代码", "工作地", "region"), "420325100001"),
        Column("started_on", ("入职日期", "started_on"), "2026-03-10", type=ColumnType.DAY),
        Column("job", ("岗位", "工种", "job"), "缝纫工", required=False),
    )

    async def file(self, command: FileEmployment, tx: Tx) -> UUID:
        return (await file_employment(command, tx)).id


class Leavers(_OfEmployer, SheetKind[FileLeaver]):
    """Leavers (离职备案表)."""

    code: ClassVar[str] = "leavers"
    title: ClassVar[Text] = Text("离职备案表", "Leavers")
    command = FileLeaver
    scopes: ClassVar[frozenset[str]] = Hires.scopes
    already: ClassVar[tuple[type[Problem], ...]] = (AlreadyLeft,)
    columns: ClassVar[tuple[Column, ...]] = (
        _EMPLOYER_CODE,
        _name("worker.name"),
        _number("worker.id_number"),
        Column(
            "started_on",
            ("入职日期", "started_on"),
            "",
            type=ColumnType.DAY,
            required=False,
        ),
        Column("ended_on", ("离职日期", "ended_on"), "2026-05-31", type=ColumnType.DAY),
    )

    async def file(self, command: FileLeaver, tx: Tx) -> UUID:
        return (await file_leaver(command, tx)).id


class BenefitLines(SheetKind[FileLine]):
    """Payments of a list that is being drawn up (发放清单)."""

    code: ClassVar[str] = "benefit-lines"
    title: ClassVar[Text] = Text("发放清单", "Payments of a list of benefits")
    command = FileLine
    scopes: ClassVar[frozenset[str]] = frozenset({"migrant:write"})
    already: ClassVar[tuple[type[Problem], ...]] = (AlreadyListed,)
    columns: ClassVar[tuple[Column, ...]] = (
        Column("list_id", ("清单编号", "list_id"), "00000000-0000-7000-8000-000000000000"),
        _name(),
        _number(),
        Column("amount_fen", ("金额(元)", "金额", "yuan"), "500.00"),
        Column(
            "account",
            ("银行卡号", "账号", "account"),
            "",
            type=ColumnType.NUMBER,
            required=False,
        ),
    )

    async def known(self, command: FileLine, tx: Tx) -> UUID | None:
        """The clerk learns whether the county has met her, and under which name."""
        return await _met(command.id_number, tx)

    async def file(self, command: FileLine, tx: Tx) -> UUID:
        return await file_line(command, tx)


async def _met(id_number: str, tx: Tx) -> UUID | None:
    known = await find_known(id_number, tx)
    return known.person_id if known else None


KINDS: Final[dict[str, AnyKind]] = {
    kind.code: kind for kind in (Arrivals(), Hires(), Leavers(), BenefitLines())
}
