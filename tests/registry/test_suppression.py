"""What is hidden stays hidden, across a table and from villages up to the county."""

from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st

from services.registry.statistics.rules import (
    FIGURES,
    Group,
    area_around,
    areas_of,
    bridges_of,
    identities_hold,
    suppressed_figures,
)
from shared.suppression import SMALLEST, Balance, hidden_cells, published, told

TOWN = "420325100"


def column(*parts: int) -> tuple[dict[str, int], list[Balance[str]]]:
    names = [f"v{number}" for number in range(len(parts))]
    return dict(zip(names, parts, strict=True)) | {"all": sum(parts)}, [
        Balance(("all",), tuple(names))
    ]


def test_a_small_part_takes_a_second_with_it() -> None:
    values, sums = column(3, 40, 500)
    assert hidden_cells(values, sums) == {"v0", "v1"}


def test_small_parts_that_are_few_together_take_another() -> None:
    values, sums = column(3, 4, 40, 500)
    assert hidden_cells(values, sums) == {"v0", "v1", "v2"}
    values, sums = column(6, 7, 40, 500)
    assert hidden_cells(values, sums) == {"v0", "v1"}


def test_that_there_is_nobody_is_nobodys_secret() -> None:
    values, sums = column(0, 40, 500)
    assert hidden_cells(values, sums) == {"v0"}
    values, sums = column(0, 3, 40, 500)
    assert hidden_cells(values, sums) == {"v0", "v1", "v2"}


def test_nothing_is_hidden_without_need() -> None:
    values, sums = column(10, 40, 500)
    assert hidden_cells(values, sums) == frozenset()


def test_a_figure_that_two_sums_tell_together_is_seen() -> None:
    """a + b and a + b + c are both shown: c is their difference, though neither sum tells it."""
    sums = [Balance(("x",), ("a", "b")), Balance(("y",), ("a", "b", "c"))]
    assert told({"a", "b", "c"}, sums) == ["c"]
    values = {"a": 50, "b": 60, "c": 4, "x": 110, "y": 114}
    hidden = hidden_cells(values, sums)
    assert "c" in hidden
    assert told(hidden, sums) == []


def test_two_circles_joined_by_one_figure_tell_it() -> None:
    """Every row and column hides two figures, and still one of them follows: only algebra over
    the whole table sees it."""
    cells = ["a1", "a2", "b1", "b2", "b3", "c3", "c4", "d3", "d4"]
    rows = [Balance((f"row {r}",), tuple(each for each in cells if each[0] == r)) for r in "abcd"]
    columns = [
        Balance((f"col {c}",), tuple(each for each in cells if each[1] == c)) for c in "1234"
    ]
    assert told(cells, [*rows, *columns]) == ["b3"]


def groups(counts: Iterable[int]) -> list[Group]:
    """People over three villages of two townships, every way of being registered and living."""
    places = [f"{TOWN}001", f"{TOWN}002", "420325101001", None]
    kinds = [
        Group(hukou, home, kind, 0)
        for hukou in places
        for home in places
        for kind in ("usual", "migrant")
        if (hukou or home) and (kind == "usual" or hukou is None)
    ]
    return [
        group._replace(people=count, kind=group.kind if group.residence else None)
        for group, count in zip(kinds, counts, strict=False)
    ]


LARGE = range(SMALLEST, 10**6)
small_or_not = st.one_of(st.integers(0, 12), st.integers(10, 500))


@given(st.lists(small_or_not, min_size=18, max_size=18))
def test_no_small_figure_of_any_area_follows_from_the_others(counts: list[int]) -> None:
    bridges = bridges_of(groups(counts), "420325")
    assert all(identities_hold(bridge) for bridge in bridges.values())
    hidden = suppressed_figures(bridges)
    for area, bridge in bridges.items():
        assert {n for n, value in bridge.figures().items() if value < SMALLEST} <= hidden[area]
    for area in bridges:
        parts = [part for part in bridges if part != area and area_around(part) == area]
        for name in ("hukou", "usual", "migrants"):
            dark = [each for each in (area, *parts) if name in hidden[each]]
            people = sum(getattr(bridges[each], name) for each in dark)
            assert not parts or len(dark) == len(parts) + 1 or not 0 < people < SMALLEST
            assert len(dark) != 1 or not parts or getattr(bridges[dark[0]], name) in (0, *LARGE)


def test_areas_nest() -> None:
    assert areas_of(f"{TOWN}001", "420325") == {"420325", TOWN, f"{TOWN}001"}
    assert areas_of("420381", "420325") == set()
    assert areas_of(None, "420325") == set()
    bridges = bridges_of([Group(f"{TOWN}001", f"{TOWN}002", "usual", 30)], "420325")
    assert bridges[f"{TOWN}001"].figures()["absent"] == 30
    assert bridges[TOWN].figures() == dict.fromkeys(FIGURES, 0) | {
        "total": 30,
        "usual": 30,
        "hukou": 30,
    }


def test_published_counts_are_rounded_and_never_small() -> None:
    assert [published(n) for n in (0, 9, 10, 12, 13, 17, 18, 102)] == [
        None, None, 10, 10, 15, 15, 20, 100,
    ]  # fmt: skip
