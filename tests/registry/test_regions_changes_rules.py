"""Changes of the map as pure decisions: what is planned and refused, how a past is re-coded."""

from datetime import date, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registry.errors import ImpossibleChange
from services.registry.region_changes.rules import (
    Area,
    ChangeKind,
    Fault,
    Placement,
    Step,
    ended_by,
    placement_of,
    plan_steps,
    reversed_steps,
    touches,
)
from services.registry.region_changes.timelines import (
    Move,
    Span,
    hukou_on,
    recode_hukou,
    recode_span,
)
from shared.ids import new_id

A, B, C = "420325100", "420325101", "420325102"
DAY = date(2026, 6, 1)
AREAS = {
    "420325": Area("房县", None),
    A: Area("城关镇", None),
    f"{A}001": Area("东街社区居委会", None),
    f"{A}200": Area("北关村委会", None),
    B: Area("军店镇", date(2020, 1, 1)),
    f"{B}001": Area("军店社区居委会", None),
}


def plan(kind: ChangeKind, *lines: Step, day: date = DAY) -> list[Step]:
    return plan_steps(kind, lines, AREAS, AREAS, day)


def pairs(steps: list[Step]) -> list[tuple[str | None, str | None]]:
    return [(each.from_region, each.to_region) for each in steps]


def test_villages_follow_their_township_and_keep_their_digits_where_free() -> None:
    steps = plan(ChangeKind.MERGE, Step(A, B))
    assert pairs(steps) == [(A, B), (f"{A}001", f"{B}002"), (f"{A}200", f"{B}200")]
    assert [each.begins for each in steps] == [False, True, True]
    assert steps[1].to_name == "东街社区居委会"
    assert ended_by(steps) == {A, f"{A}001", f"{A}200"}


def test_two_townships_become_a_new_one() -> None:
    steps = plan(ChangeKind.MERGE, Step(A, C, to_name="新城镇"), Step(B, C))
    assert {each.to_name for each in steps[:2]} == {"新城镇"}
    assert len({each.to_region for each in steps[2:]}) == 3  # no two villages of one code
    back = reversed_steps(steps)
    assert {each.to_region for each in back} == AREAS.keys() - {"420325"}
    assert all(each.begins for each in back)


def test_a_rename_keeps_the_code() -> None:
    (step,) = plan(ChangeKind.RENAME, Step(A, A, to_name="城关街道"))
    assert (step.from_name, step.to_name, step.begins, step.moves) == (
        "城关镇",
        "城关街道",
        False,
        False,
    )
    assert ended_by([step]) == set()
    (back,) = reversed_steps([step])
    assert (back.from_name, back.to_name) == ("城关街道", "城关镇")


def test_what_takes_in_others_can_get_a_name_and_gives_it_back() -> None:
    steps = plan(ChangeKind.MERGE, Step(A, B, to_name="军店街道"))
    assert (B, B) in pairs(steps)
    back = reversed_steps(steps)
    (own,) = [each for each in back if each.from_region == each.to_region]
    assert (own.from_name, own.to_name) == ("军店街道", "军店镇")
    assert ended_by(back) & {A, B} == set()


def test_part_of_a_village_becomes_its_own() -> None:
    village = f"{A}200"
    steps = plan(
        ChangeKind.SPLIT, Step(village, village), Step(village, f"{A}201", to_name="新关村委会")
    )
    assert ended_by(steps) == set()
    placement = placement_of(steps, {UUID(int=1): f"{A}201"})
    assert placement.of(village, UUID(int=1)) == f"{A}201"
    assert placement.of(village, UUID(int=2)) == village
    assert placement.of(village, None) is None
    assert placement.of(f"{A}001", None) == f"{A}001"
    assert placement_of(steps, remainder=village).of(village, None) == village


@pytest.mark.parametrize(
    ("kind", "lines", "fault"),
    [
        (ChangeKind.MERGE, [Step(A, A)], Fault.NOTHING_CHANGES),
        (ChangeKind.MERGE, [Step(A, B), Step(B, A)], Fault.CIRCLE),
        (ChangeKind.MOVE, [Step(A, B)], Fault.EXISTS),
        (
            ChangeKind.MOVE,
            [Step(f"{A}001", f"{A}003"), Step(f"{A}003", f"{A}004")],
            Fault.UNKNOWN_AREA,
        ),
        (ChangeKind.MOVE, [Step(f"{A}001", f"{C}001")], Fault.NO_PARENT),
        (ChangeKind.MOVE, [Step(f"{A}001", "420381001001")], Fault.LEAVES_COUNTY),
        (ChangeKind.MOVE, [Step(f"{A}001", C)], Fault.LEVELS_DIFFER),
        (ChangeKind.RENAME, [Step("420325", "420325", to_name="新县")], Fault.ABOVE_VILLAGES),
        (ChangeKind.RENAME, [Step(A, A, to_name="城关镇")], Fault.NOTHING_CHANGES),
        (ChangeKind.RENAME, [Step(f"{A}009", f"{A}009", to_name="无")], Fault.UNKNOWN_AREA),
        (
            ChangeKind.RENAME,
            [Step(A, A, to_name="甲"), Step(A, A, to_name="乙")],
            Fault.GIVEN_TWICE,
        ),
        (ChangeKind.SPLIT, [Step(A, C, to_name="新")], Fault.NOT_THAT_KIND),
        (
            ChangeKind.SPLIT,
            [Step(A, C, to_name="新"), Step(A, "420325103", to_name="区")],
            Fault.PART_WITHOUT_PLACE,
        ),
        (ChangeKind.SPLIT, [Step(A, C), Step(A, "420325103")], Fault.NAME_NEEDED),
        (ChangeKind.ESTABLISH, [Step(None, f"{C}001", to_name="新村")], Fault.NO_PARENT),
        (ChangeKind.ESTABLISH, [Step(None, A, to_name="城关镇")], Fault.EXISTS),
        (ChangeKind.ESTABLISH, [Step(None, C)], Fault.NAME_NEEDED),
        (ChangeKind.ABOLISH, [Step(A, B)], Fault.EXISTS),
        (ChangeKind.REVERSAL, [Step(A, A, to_name="甲")], Fault.NOT_THAT_KIND),
    ],
)
def test_what_makes_no_sense(kind: ChangeKind, lines: list[Step], fault: Fault) -> None:
    with pytest.raises(ImpossibleChange) as raised:
        plan(kind, *lines)
    assert raised.value.extra["reason"] == fault


def test_no_change_before_the_area_began() -> None:
    with pytest.raises(ImpossibleChange) as raised:
        plan(ChangeKind.MERGE, Step(B, A), day=date(2019, 12, 31))
    assert raised.value.extra["reason"] == Fault.BEFORE_IT_EXISTED


def test_a_township_that_ends_takes_its_villages_along() -> None:
    steps = plan(ChangeKind.ABOLISH, Step(A, None))
    assert ended_by(steps) == {A, f"{A}001", f"{A}200"}
    assert {each.to_region for each in steps} == {None}


def test_areas_overlap_when_one_lies_in_the_other() -> None:
    assert touches([A], [f"{A}001"])
    assert touches([f"{A}001"], [A])
    assert not touches([f"{A}001"], [f"{A}002", B])


def test_undoing_takes_out_who_came_and_leaves_who_was_there() -> None:
    steps = plan(ChangeKind.MERGE, Step(f"{A}001", f"{A}200"))
    old, other = UUID(int=1), UUID(int=2)
    placement = placement_of(reversed_steps(steps), {old: f"{A}001"}, rest_stays=True)
    came = f"{A}001"
    assert placement.of(f"{A}200", old) == came
    assert placement.of(f"{A}200", None, came) == came
    assert placement.of(f"{A}200", other, came) == f"{A}200"  # she moved next door since
    assert placement.of(f"{A}200", None) == f"{A}200"


days = st.integers(0, 400).map(lambda n: date(2026, 1, 1) + timedelta(days=n))


@given(days, st.one_of(st.none(), days), days)
def test_a_span_reads_as_before_until_the_day_and_as_after_from_it(
    since: date, until: date | None, day: date
) -> None:
    if until is not None and until < since:
        since, until = until, since
    span = Span(new_id(), A, since, until)
    recoded = recode_span(span, B, day)
    parts = [span] if recoded is None else [Span(span.id, recoded.region, recoded.since, until)]
    if recoded is not None and recoded.earlier is not None:
        parts.append(recoded.earlier)
    for n in range(402):
        on = date(2026, 1, 1) + timedelta(days=n)
        there = [p.region for p in parts if p.since <= on and (p.until is None or p.until > on)]
        lived = since <= on and (until is None or until > on)
        assert there == ([B if on >= day else A] if lived else [])


@given(
    st.lists(st.tuples(days, st.sampled_from([A, B, C])), max_size=4),
    st.sampled_from([A, B, C]),
    days,
)
def test_the_household_register_reads_as_before_until_the_day_and_as_after_from_it(
    moves: list[tuple[date, str]], first: str, day: date
) -> None:
    past, here = [], first
    for on, to in sorted(moves):
        past.append(Move(new_id(), here, to, on))
        here = to
    become = {A: f"{A}9", B: f"{A}9"}
    recoded = recode_hukou(here, past, lambda code: become.get(code, code), day, date(2025, 1, 1))
    changed = {each.id: each for each in recoded.moves}
    after = [changed.get(each.id, each) for each in past]
    if recoded.added:
        after.append(Move(new_id(), *recoded.added, day))
    after.sort(key=lambda each: each.moved_on)
    for n in range(402):
        on = date(2026, 1, 1) + timedelta(days=n)
        before = hukou_on(on, here, past)
        expected = become.get(before, before) if on >= day else before
        assert hukou_on(on, recoded.region, after) == expected


def test_somebody_born_later_was_never_registered_under_the_old_code() -> None:
    recoded = recode_hukou(A, [], lambda _: B, DAY, DAY + timedelta(days=3))
    assert (recoded.region, recoded.added) == (B, None)


def test_nothing_is_guessed() -> None:
    assert Placement({A: (B, C)}).of(A, None) is None
    assert Placement({A: (B, C)}).of(A, UUID(int=7)) is None
    assert Placement({A: (B, C)}, fixed=C).of(A, None) == C
    recoded = recode_hukou(A, [], lambda _: None, DAY, date(1990, 1, 1))
    assert (recoded.region, recoded.added) == (A, None)
