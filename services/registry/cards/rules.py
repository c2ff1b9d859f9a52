"""Which card is for whom, and what each says beside the facts. Pure."""

from enum import StrEnum
from typing import Final

from services.registry.persons.rules import is_separated
from shared.problems import Text


class CardKind(StrEnum):
    """The three cards (三卡), now of every resident who fits one, whoever she is."""

    RESIDENT = "resident"  # 常住人口卡
    MIGRANT = "migrant"  # 流动人口服务卡
    SEPARATED = "separated"  # 人户分离卡


TITLES: Final[dict[CardKind, Text]] = {
    CardKind.RESIDENT: Text("常住人口卡", "Resident card"),
    CardKind.MIGRANT: Text("流动人口服务卡", "Migrant service card"),
    CardKind.SEPARATED: Text("人户分离卡", "Separated person card"),
}

# What the card tells its reader to expect of which office (003: 以现居住地为主).
NOTES: Final[dict[CardKind, tuple[Text, ...]]] = {
    CardKind.RESIDENT: (
        Text(
            "登记内容有误,可随时向社区申请更正。",
            "Whatever is wrong here can be corrected at the community at any time.",
        ),
    ),
    CardKind.MIGRANT: (
        Text(
            "现居住地提供教育、就业、卫生等基本公共服务,不收费,不以证明为条件。",
            "The place of residence provides schooling, employment and health services, free and"
            " without any certificate.",
        ),
        Text(
            "登记内容有误,可随时向社区申请更正。",
            "Whatever is wrong here can be corrected at the community at any time.",
        ),
    ),
    CardKind.SEPARATED: (
        Text(
            "现居住地为主: 日常服务、通知和居住登记由现居住地办理。",
            "The place of residence leads: services, notices and registering where she lives.",
        ),
        Text(
            "户籍地: 户口、户内变动和户籍证明由户籍地办理;两地互通,不要求本人往返。",
            "The household register's place keeps register and household; the two offices write"
            " to each other, she need not travel.",
        ),
    ),
}


def fitting_cards(
    hukou_region: str, residence_region: str | None, residence_kind: str | None
) -> list[CardKind]:
    """The cards that say something true of a person: none where her home is not known."""
    fits = {
        CardKind.RESIDENT: residence_kind == "usual",
        CardKind.MIGRANT: residence_kind == "migrant",
        CardKind.SEPARATED: is_separated(hukou_region, residence_region),
    }
    return [kind for kind, is_so in fits.items() if is_so]
