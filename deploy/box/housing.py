"""Invented dwellings and employers of a township, and the counties its people come from."""

import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from deploy.box import names

_DOORS: Final = 24  # two staircases, six floors, two doors on each
_FIRST_VILLAGE: Final = (
    200  # GB/T 10114: committees of residents are numbered below, of villagers from
)


class Home(NamedTuple):
    """A room: the number of its building, its own number there, and its use."""

    dwelling: str
    room: str
    use: str


class Places:
    """The counties elsewhere that people come from and go to."""

    def __init__(self, rng: random.Random, township: str, counties: Sequence[str]) -> None:
        """``counties`` are six-digit codes; the township's own county is left out.

        Raises ValueError where no other county is given.
        """
        self._rng = rng
        self._city, self._province = township[:4], township[:2]
        self._by_province: defaultdict[str, list[str]] = defaultdict(list)
        for county in sorted(set(counties) - {township[:6]}):
            self._by_province[county[:2]].append(county)
        if not self._by_province:
            raise ValueError("no county to come from except the township's own")
        self._senders = [one for one in self._by_province if one != self._province]
        self._weights = [names.SENDING_PROVINCES.get(one, 1) for one in self._senders]
        self._here = self._by_province[self._province]
        self._near = [county for county in self._here if county.startswith(self._city)]

    def nearby(self) -> str:
        """A county for someone who moved house: most often one of the same city."""
        draw = self._rng.random()
        if self._near and draw < 0.6:
            return self._rng.choice(self._near)
        return self._rng.choice(self._here) if self._here and draw < 0.85 else self.origin()

    def origin(self) -> str:
        """A county migrants come from, by published shares of the sending provinces."""
        stayed = self._rng.random() < names.SAME_PROVINCE
        if self._here and (stayed or not self._senders):
            return self._rng.choice(self._here)
        province = self._rng.choices(self._senders, self._weights)[0]
        return self._rng.choice(self._by_province[province])


class Housing:
    """Numbers the dwellings of a township as they are needed."""

    def __init__(self, rng: random.Random, villages: Sequence[str]) -> None:
        """``villages`` are the twelve-digit codes of the township's villages."""
        self._rng = rng
        self._villages = villages
        self._built: defaultdict[str, int] = defaultdict(int)
        self._doors: dict[str, Iterator[Home]] = {}

    def owned(self, use: str) -> Home:
        """The next home for one family: a house in a village, a flat in a community (社区)."""
        village = self.village()
        if int(village[9:]) >= _FIRST_VILLAGE:
            return Home(self.build(village), "1", use)
        home = next(self._doors.get(village, iter(())), None)
        if home is None:
            self._doors[village] = self._flats(self.build(village), use)
            home = next(self._doors[village])
        return home

    def rented(self, houses: int, rooms: int, use: str) -> Iterator[Home]:
        """Every room of ``houses`` houses, ``rooms`` rooms in all, each once."""
        sizes = split(self._rng, rooms, houses, (10, 14, 18, 18, 14, 10, 7, 4, 3, 2))
        for size in sizes:
            dwelling = self.build(self.village())
            for number in range(size):
                yield Home(dwelling, f"{number // 4 + 1}{number % 4 + 1:02}", use)

    def apart(self, use: str) -> Home:
        """A building for itself."""
        return Home(self.build(self.village()), "1", use)

    def shared(self, use: str, rooms: int) -> Iterator[Home]:
        """Rooms of dormitory blocks or huts of up to 80 rooms."""
        dwelling = ""
        for number in range(rooms):
            if number % 80 == 0:
                dwelling = self.build(self.village())
            yield Home(dwelling, f"{number % 80 // 20 + 1}{number % 20 + 1:02}", use)

    def village(self) -> str:
        """Any village of the township."""
        return self._rng.choice(self._villages)

    def build(self, village: str) -> str:
        """The number of a new building: the village's code and a serial number within it."""
        self._built[village] += 1
        return f"{village}-{self._built[village]:04}"

    @staticmethod
    def _flats(dwelling: str, use: str) -> Iterator[Home]:
        for door in range(_DOORS):
            staircase, rest = divmod(door, _DOORS // 2)
            yield Home(dwelling, f"{staircase + 1}-{rest // 2 + 1}{rest % 2 + 1:02}", use)


def split(rng: random.Random, total: int, parts: int, weights: Sequence[int]) -> list[int]:
    """``parts`` whole numbers of 1 to len(weights) that add up to ``total``.

    Drawn by the weights of 1, 2, 3 …, then mended one by one at random places. Raises ValueError
    where no such numbers exist.
    """
    largest = len(weights)
    if not parts <= total <= parts * largest:
        raise ValueError(f"{total} cannot be split into {parts} parts of 1 to {largest}")
    sizes = rng.choices(range(1, largest + 1), weights, k=parts)
    missing = total - sum(sizes)
    step = 1 if missing > 0 else -1
    while missing:
        at = rng.randrange(parts)
        if 1 <= sizes[at] + step <= largest:
            sizes[at] += step
            missing -= step
    return sizes


_FIRMS: Final = ("宏远", "鑫达", "恒丰", "永盛", "华泰", "金源", "瑞丰", "兴隆", "东方", "长青")
_TRADES: Final = ("服装", "电子", "食品", "建材", "五金", "包装", "家具", "物流", "纺织", "机械")


class Employers:
    """A few hundred firms of very different size."""

    def __init__(self, rng: random.Random) -> None:
        """The first firm of the list employs most."""
        self._rng = rng
        self._firms = [f"{firm}{trade}有限公司" for firm in _FIRMS for trade in _TRADES]
        self._firms.sort(key=lambda _: rng.random())
        self._weights = [1 / rank for rank in range(1, len(self._firms) + 1)]

    def firm(self) -> str:
        """One firm, the large ones more often."""
        return self._rng.choices(self._firms, self._weights)[0]

    def site(self) -> str:
        """A construction firm."""
        return f"{self._rng.choice(_FIRMS)}建筑劳务有限公司"
