"""The population bridge (人口平衡) as arithmetic, and what of it may be published. Pure."""

from dataclasses import dataclass
from typing import Final

SMALLEST: Final = 10  # a group of fewer people is not published

# Every way in which the figures add up: one figure each is the sum of the three others, with
# absent people on the other side of the second. The third is the sum of the first two.
IDENTITIES: Final = (
    ("total", ("usual", "migrants", "absent")),
    ("usual", ("hukou", "absent", "separated")),
    ("total", ("hukou", "separated", "migrants")),
)
# Which figure to give up first when another has to be protected.
_SACRIFICE: Final = ("absent", "migrants", "separated", "hukou", "usual", "total")


@dataclass(frozen=True)
class Bridge:
    """The people of a region. `hukou` registered here (户籍); `absent` of them living elsewhere
    (人户分离在外); `separated` living here with their register elsewhere (人在户不在); `migrants`
    (流动); `usual` residents (常住); `total` all of them."""

    total: int
    usual: int
    hukou: int
    absent: int
    separated: int
    migrants: int

    def figures(self) -> dict[str, int]:
        return dict(vars(self))


def identities_hold(bridge: Bridge) -> bool:
    """total = usual + migrants + absent, and usual = hukou - absent + separated."""
    return (
        bridge.total == bridge.usual + bridge.migrants + bridge.absent
        and bridge.usual == bridge.hukou - bridge.absent + bridge.separated
    )


def suppressed_figures(bridge: Bridge) -> frozenset[str]:
    """Figures that must not be published: those under SMALLEST, and as many others as it takes
    that no such figure, and no sum of hidden ones under SMALLEST, follows from the rest."""
    figures = bridge.figures()
    hidden = {name for name, value in figures.items() if value < SMALLEST}
    while True:
        opened = next(
            (each for each in map(_members, IDENTITIES) if _gives_away(each, hidden, figures)), None
        )
        if opened is None:
            return frozenset(hidden)
        shown = [name for name in _SACRIFICE if name in opened and name not in hidden]
        hidden.add(min(shown, key=lambda name: (figures[name], _SACRIFICE.index(name))))


def _members(identity: tuple[str, tuple[str, ...]]) -> tuple[str, ...]:
    return identity[0], *identity[1]


def _gives_away(names: tuple[str, ...], hidden: set[str], figures: dict[str, int]) -> bool:
    inside = [name for name in names if name in hidden]
    small = len(inside) == 1 or sum(figures[name] for name in inside) < SMALLEST
    return bool(inside) and small and len(inside) < len(names)


def identity_texts(bridge: Bridge, hidden: frozenset[str]) -> list[str]:
    """The identities as a reader checks them, with … for what is not published."""
    shown = {
        name: "…" if name in hidden else f"{value:,}" for name, value in bridge.figures().items()
    }
    return [
        "{total} = {usual} + {migrants} + {absent}".format(**shown),
        "{usual} = {hukou} - {absent} + {separated}".format(**shown),
    ]
