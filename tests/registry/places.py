"""The few regions that the tests of persons and vital events speak of, and people made up."""

from shared.codes import level_of, parent_of, resident_id_check_digit
from shared.connections import Connection
from shared.testing import REGION

HOME = "420325100001"  # a village of our county
NEXT = "420325200002"  # one of another township
AWAY = "130102001001"  # one of another province
COUNTY_AWAY = "130102"

PLACES = [
    ("42", "湖北省"),
    ("4203", "十堰市"),
    (REGION, "房县"),
    ("420325100", "城关镇"),
    (HOME, "东街社区"),
    ("420325200", "红塔镇"),
    (NEXT, "高碑村"),
    ("13", "河北省"),
    ("1301", "石家庄市"),
    (COUNTY_AWAY, "长安区"),
    ("130102001", "建北街道"),
    (AWAY, "棉三社区"),
]


async def load_places(connection: Connection) -> None:
    await connection.executemany(
        "INSERT INTO regions (code, name, level, parent, source) VALUES ($1, $2, $3, $4, 'test')"
        " ON CONFLICT (code) DO NOTHING",
        [(code, name, level_of(code).value, parent_of(code)) for code, name in PLACES],
    )


def number(birth: str, order: int, area: str = "420325") -> str:
    """A valid id number of a made-up person: birth day as YYYYMMDD; an even order is a woman's."""
    first17 = f"{area}{birth}{order:03d}"
    return first17 + resident_id_check_digit(first17)
