"""What the sheets of the registry are: leases."""

from typing import Any, ClassVar, Final
from uuid import UUID

from services.registry.errors import LeaseExists
from services.registry.leases.handlers import file_lease
from services.registry.leases.schemas import FileLease, Landlord
from shared.actors import Actor
from shared.db import Tx
from shared.filings.kinds import AnyKind, Column, ColumnType, SheetKind
from shared.problems import Problem, Text
from shared.subjects import herself, login_id

_SAME = """
SELECT 1 FROM leases AS l JOIN rooms AS r ON r.id = l.room_id
JOIN dwellings AS d ON d.id = r.dwelling_id
WHERE l.id = $1 AND l.since = $2 AND l.until IS NOT DISTINCT FROM $3
  AND d.region = $4 AND d.number = $5 AND r.unit = $6 AND r.number = $7
"""


class FiledSo(LeaseExists):
    """The very lease of a line is filed, not only another of its reference."""


class Leases(SheetKind[FileLease]):
    """Leases (租赁备案表). Tenants are not asked for."""

    code: ClassVar[str] = "leases"
    title: ClassVar[Text] = Text("租赁备案表", "Leases")
    command = FileLease
    scopes: ClassVar[frozenset[str]] = frozenset({"registry:lease", "registry:write"})
    already: ClassVar[tuple[type[Problem], ...]] = (FiledSo,)
    columns: ClassVar[tuple[Column, ...]] = (
        Column("reference", ("备案编号", "合同编号", "reference"), "示例-001"),
        Column("place.region", ("村(社区)区划代码", "区划代码", "region"), "420325100001"),
        Column("place.building", ("楼栋", "楼号", "building"), "12"),
        Column("place.unit", ("单元", "unit"), "", required=False),
        Column("place.room", ("房号", "房间号", "room"), "201"),
        Column("landlord.name", ("出租人姓名", "landlord_name"), "张三", required=False),
        Column(
            "landlord.id_number",
            ("出租人身份证号", "出租人证件号码", "landlord_id_number"),
            "11010519491231002X",  # the example of GB 11643 itself
            type=ColumnType.NUMBER,
            required=False,
        ),
        Column(
            "landlord.org",
            ("出租单位信用代码", "landlord_org"),
            "",
            type=ColumnType.NUMBER,
            required=False,
        ),
        Column("since", ("起租日期", "起始日期", "since"), "2026-01-01", type=ColumnType.DAY),
        Column(
            "until",
            ("终止日期", "到期日期", "until"),
            "",
            type=ColumnType.DAY,
            required=False,
        ),
    )

    def complete(self, values: dict[str, Any], actor: Actor) -> None:
        """A person with a login of her own files what she lets herself."""
        if "self" in actor.scopes:
            values.setdefault("landlord", {"person_id": login_id(actor.sub)})

    async def file(self, command: FileLease, tx: Tx) -> UUID:
        own = await herself(tx)
        if own is not None and command.landlord.person_id == login_id(tx.actor.sub):
            command = command.model_copy(update={"landlord": Landlord(person_id=own)})
        try:
            return (await file_lease(command, tx)).id
        except LeaseExists as known:
            if await self._says_the_same(command, UUID(known.extra["lease_id"]), tx):
                raise FiledSo() from None
            raise

    async def _says_the_same(self, command: FileLease, lease_id: UUID, tx: Tx) -> bool:
        place = command.place
        if place is None:
            return False
        address = place.region, place.building, place.unit, place.room
        days = command.since, command.until
        return bool(await tx.fetch_value(_SAME, lease_id, *days, *address))


KINDS: Final[dict[str, AnyKind]] = {"leases": Leases()}
