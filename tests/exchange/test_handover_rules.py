"""Every order in which desks, registries and the line between two counties can act, walked to the
end: never two registries that write one record, and in the end exactly one keeper.

A registry is its own process: it hears what its exchange told it later, and answers later. A crash
before a commit leaves a state as it was; one after it brings the same message once more, which the
doors pass over (test_handover_federation). So the states between two commits are all there are."""

from collections import deque
from typing import NamedTuple, Self

import pytest

from services.exchange.errors import NotInThisState
from services.exchange.handovers.rules import (
    HEARD,
    MOVES,
    OVER,
    Role,
    Stage,
    Word,
    Writing,
    keeper_after,
    move,
)

DESK = {Role.GIVER: [Word.WITHDRAW], Role.TAKER: [Word.ACCEPT, Word.DECLINE]}


class County(NamedTuple):
    """One side: its exchange's stage, whether its registry writes, and what is on its way between
    the two and to the other county."""

    role: Role
    writes: bool
    joined: bool = False
    known: bool = True  # the registry has the record that the desk named
    stage: Stage = Stage.OFFERED
    line: tuple[str, ...] = ()  # said to the other, all of it
    heard: int = 0  # of the other's line
    told: tuple[Writing, ...] = ()  # to the registry, all of it
    done: int = 0  # by the registry
    said: int = 0  # "stopped", by the registry
    noted: int = 0  # of those

    def takes(self, word: Word) -> Self:
        moved = move(self.role, self.stage, word, joined=self.joined)
        line = (*self.line, moved.say) if moved.say else self.line
        told = (*self.told, moved.tell) if moved.tell else self.told
        return self._replace(stage=moved.stage, line=line, told=told)


class World(NamedTuple):
    giver: County
    taker: County

    def of(self, role: Role) -> County:
        return self.giver if role is Role.GIVER else self.taker

    def with_(self, county: County) -> "World":
        if county.role is Role.GIVER:
            return self._replace(giver=county)
        return self._replace(taker=county)


def following(world: World) -> list[World]:
    """Every single step that may happen next."""
    found: list[World] = []
    for role in Role:
        own = world.of(role)
        other = world.of(Role.TAKER if role is Role.GIVER else Role.GIVER)
        for word in DESK[role]:
            try:
                found.append(world.with_(own.takes(word)))
            except NotInThisState:
                continue
        if own.heard < len(other.line):
            heard = own.takes(HEARD[other.line[own.heard]])
            found.append(world.with_(heard._replace(heard=own.heard + 1)))
        if own.done < len(own.told):
            stops = own.told[own.done] is Writing.STOP
            writes = own.known and not stops
            after = own._replace(done=own.done + 1, writes=writes, said=own.said + stops)
            found.append(world.with_(after))
        if own.noted < own.said:
            answer = Word.STOPPED if own.known else Word.UNKNOWN
            if (role, own.stage, answer) in MOVES:
                own = own.takes(answer)
            found.append(world.with_(own._replace(noted=own.noted + 1)))
    return found


def reachable(world: World) -> dict[World, list[World]]:
    """Each state that can be, and what may follow it."""
    graph: dict[World, list[World]] = {}
    left = deque([world])
    while left:
        state = left.popleft()
        if state not in graph:
            graph[state] = following(state)
            left += graph[state]
    return graph


START = World(County(Role.GIVER, True), County(Role.TAKER, True))


def test_never_two_write_and_in_the_end_one_keeps() -> None:
    """The taker has a record of her too. Until it agrees, and after a withdrawal, the two are
    separate records as they were."""
    graph = reachable(START)
    assert len(graph) > 25
    for world, next_ones in graph.items():
        joined = "yipan.handover.accepted.v1" in world.taker.line
        if joined and world.taker.stage is not Stage.WITHDRAWN:
            assert not (world.giver.writes and world.taker.writes), world
        if not next_ones:  # nothing is on its way and no desk can do anything more
            _at_the_end(*world)


def _at_the_end(giver: County, taker: County) -> None:
    assert {giver.stage, taker.stage} <= OVER
    handed_over = taker.stage is Stage.TAKEN
    assert (giver.writes, taker.writes) == (not handed_over, True)
    assert (giver.stage is Stage.TAKEN) == handed_over
    keepers = {keeper_after(each.role, each.stage, *_names(each.role)) for each in (giver, taker)}
    assert keepers == {"T" if handed_over else "G"}


def test_a_record_that_was_one_before_always_has_one_keeper_at_most() -> None:
    """It came from the taker by an earlier handover, and goes back to it: here the taker does not
    write before either, so there is no moment at which two do, nor an end at which none does."""
    graph = reachable(World(County(Role.GIVER, True), County(Role.TAKER, False, joined=True)))
    for world, next_ones in graph.items():
        assert not (world.giver.writes and world.taker.writes), world
        if not next_ones:
            assert world.giver.writes != world.taker.writes, world


@pytest.mark.parametrize("role", Role)
def test_a_record_that_a_registry_does_not_have_is_not_handed_over(role: Role) -> None:
    start = START.with_(START.of(role)._replace(known=False, writes=False))
    graph = reachable(start) if role is Role.GIVER else {}
    for world, next_ones in graph.items():
        assert Stage.TAKEN not in (world.giver.stage, world.taker.stage)
        if not next_ones:
            assert {world.giver.stage, world.taker.stage} <= OVER
            assert world.taker.writes
    named_wrongly = START.of(Role.TAKER)._replace(stage=Stage.STOPPING).takes(Word.UNKNOWN)
    assert (named_wrongly.stage, named_wrongly.line) == (Stage.OFFERED, ())


def _names(role: Role) -> tuple[str, str]:
    return ("G", "T") if role is Role.GIVER else ("T", "G")


def test_it_ends_whatever_happens_first() -> None:
    """From each state that can be, an end can be reached; every stage and move is needed."""
    graph = reachable(START)
    ends = {world for world, next_ones in graph.items() if not next_ones}
    reaches, grown = set(ends), True
    while grown:
        more = {world for world, after in graph.items() if reaches & set(after)} - reaches
        reaches |= more
        grown = bool(more)
    assert reaches == set(graph)
    assert {world.taker.stage for world in ends} == OVER
    walked = {(role, world.of(role).stage) for world in graph for role in Role}
    assert {(role, stage) for role, stage, _ in MOVES} <= walked


def test_a_release_cannot_be_withdrawn() -> None:
    for stage in (Stage.RELEASING, Stage.RELEASED, Stage.TAKEN):
        with pytest.raises(NotInThisState):
            move(Role.GIVER, stage, Word.WITHDRAW)


@pytest.mark.parametrize(
    ("role", "stage", "keeper"),
    [
        (Role.GIVER, Stage.OFFERED, "us"),
        (Role.GIVER, Stage.RELEASING, None),
        (Role.GIVER, Stage.RELEASED, None),
        (Role.GIVER, Stage.TAKEN, "peer"),
        (Role.GIVER, Stage.WITHDRAWN, "us"),
        (Role.TAKER, Stage.ACCEPTED, "peer"),
        (Role.TAKER, Stage.TAKEN, "us"),
        (Role.TAKER, Stage.DECLINED, "peer"),
    ],
)
def test_who_keeps_it_meanwhile(role: Role, stage: Stage, keeper: str | None) -> None:
    assert keeper_after(role, stage, "us", "peer") == keeper
