"""The population bridge (人口平衡) and other tables of people as arithmetic. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final, NamedTuple

from shared.suppression import Balance, hidden_cells

# Every way in which the figures add up. The third follows from the first two, and is named so
# that no small sum of hidden figures stands alone in it.
IDENTITIES: Final = (
    (("total",), ("usual", "migrants", "absent")),
    (("usual", "absent"), ("hukou", "separated")),
    (("total",), ("hukou", "separated", "migrants")),
)
# Figures that are the sum of the same figure of the areas inside. The others are not: who is
# absent from her village may still live in its township.
ADDITIVE: Final = ("hukou", "usual", "migrants")
_LEVELS: Final = (2, 4, 6, 9, 12)

BAND: Final = 5  # years
OLDEST: Final = 100


class Group(NamedTuple):
    """So many people of one household register and one home; a place outside is None."""

    hukou: str | None
    residence: str | None
    kind: str | None
    people: int


@dataclass(slots=True)
class Bridge:
    """The people of a region. `hukou` registered here (户籍); `absent` of them living elsewhere
    (人户分离在外); `separated` living here with their register elsewhere (人在户不在); `migrants`
    (流动); `usual` residents (常住); `total` all of them."""

    total: int = 0
    usual: int = 0
    hukou: int = 0
    absent: int = 0
    separated: int = 0
    migrants: int = 0

    def count(self, group: Group, registered: bool, living: bool) -> None:
        """Each figure is counted for itself, none by subtraction: the identities are a check."""
        self.total += group.people
        self.hukou += group.people * registered
        self.absent += group.people * (registered and not living)
        self.usual += group.people * (living and (registered or group.kind == "usual"))
        self.separated += group.people * (living and not registered and group.kind == "usual")
        self.migrants += group.people * (living and not registered and group.kind == "migrant")

    def figures(self) -> dict[str, int]:
        return {name: getattr(self, name) for name in FIGURES}


FIGURES: Final = tuple(Bridge.__dataclass_fields__)


def bridges_of(groups: Iterable[Group], root: str) -> dict[str, Bridge]:
    """The bridge of `root` and of every area inside it that has people, by code."""
    bridges = {root: Bridge()}
    for group in groups:
        registered, living = areas_of(group.hukou, root), areas_of(group.residence, root)
        for area in registered | living:
            bridges.setdefault(area, Bridge()).count(group, area in registered, area in living)
    return bridges


def areas_of(code: str | None, root: str) -> set[str]:
    """The areas, from `root` inwards, that a place lies in."""
    if code is None or not code.startswith(root):
        return set()
    return {root} | {code[:length] for length in _LEVELS if len(root) < length <= len(code)}


def area_around(area: str) -> str:
    """The next wider area. The country for a province."""
    return area[: max((each for each in _LEVELS if each < len(area)), default=0)]


def area_inside(area: str, code: str) -> str:
    """The area directly inside `area` that a place lies in; the place itself where there is none
    between."""
    return code[: next((each for each in _LEVELS if each > len(area)), len(code))]


def identities_hold(bridge: Bridge) -> bool:
    """total = usual + migrants + absent, and usual = hukou - absent + separated."""
    return (
        bridge.total == bridge.usual + bridge.migrants + bridge.absent
        and bridge.usual == bridge.hukou - bridge.absent + bridge.separated
    )


def suppressed_figures(bridges: Mapping[str, Bridge]) -> dict[str, frozenset[str]]:
    """By area, the figures that must not be published: those under SMALLEST, and as many others,
    here and in the areas beside, as it takes that none of them follows from the rest."""
    values = {
        (area, name): value
        for area, bridge in bridges.items()
        for name, value in bridge.figures().items()
    }
    hidden = hidden_cells(values, [*_identities(bridges), *_totals(bridges)])
    return {area: frozenset(name for name in FIGURES if (area, name) in hidden) for area in bridges}


def _identities(bridges: Iterable[str]) -> Iterable[Balance[tuple[str, str]]]:
    for area in bridges:
        for left, right in IDENTITIES:
            yield Balance(
                tuple((area, name) for name in left), tuple((area, name) for name in right)
            )


def _totals(bridges: Iterable[str]) -> Iterable[Balance[tuple[str, str]]]:
    inside: dict[str, list[str]] = {}
    for area in bridges:
        inside.setdefault(area_around(area), []).append(area)
    for whole in bridges:
        for name in ADDITIVE if whole in inside else ():
            yield Balance(((whole, name),), tuple((part, name) for part in inside[whole]))


def identity_texts(bridge: Bridge, hidden: frozenset[str]) -> list[str]:
    """The identities as a reader checks them, with … for what is not published."""
    shown = {
        name: "…" if name in hidden else f"{value:,}" for name, value in bridge.figures().items()
    }
    return [
        "{total} = {usual} + {migrants} + {absent}".format(**shown),
        "{usual} = {hukou} - {absent} + {separated}".format(**shown),
    ]


def age_on(birth_date: date, day: date) -> int:
    """Full years (周岁)."""
    before = (day.month, day.day) < (birth_date.month, birth_date.day)
    return day.year - birth_date.year - before


def band_text(start: int) -> str:
    """0-4, 5-9 … 100+."""
    return f"{start}+" if start >= OLDEST else f"{start}-{start + BAND - 1}"
