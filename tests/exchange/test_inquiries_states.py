"""The life of an inquiry: every allowed and every refused step, and messages that cross."""

from itertools import product

import pytest

from services.exchange.errors import NotInThisState
from services.exchange.inquiries.rules import WIRE_KINDS
from services.exchange.inquiries.states import (
    CROSSED,
    TRANSITIONS,
    WAITING,
    Side,
    State,
    Verb,
    after,
    after_arrival,
)

# Written out once more, by hand: state -> the steps each side may take, and where they lead.
EXPECTED: dict[str, dict[str, str]] = {
    "opened": {
        "asked accept": "accepted",
        "asked return": "returned",
        "asked forward": "opened",
        "asked clarify": "clarifying",
        "asked answer": "answered",
        "asking remind": "opened",
        "asking escalate": "opened",
        "asking withdraw": "withdrawn",
    },
    "accepted": {
        "asked return": "returned",
        "asked forward": "accepted",
        "asked clarify": "clarifying",
        "asked answer": "answered",
        "asking remind": "accepted",
        "asking escalate": "accepted",
        "asking withdraw": "withdrawn",
    },
    "clarifying": {
        "asked answer": "answered",
        "asking clarify": "accepted",
        "asking withdraw": "withdrawn",
    },
    "part-answered": {
        "asked forward": "part-answered",
        "asked clarify": "clarifying",
        "asked answer": "answered",
        "asking remind": "part-answered",
        "asking escalate": "part-answered",
        "asking close": "closed",
        "asking dispute": "disputed",
        "asking withdraw": "withdrawn",
    },
    "returned": {
        "asking forward": "opened",
        "asking close": "closed",
        "asking dispute": "disputed",
        "asking withdraw": "withdrawn",
    },
    "answered": {
        "asking close": "closed",
        "asking reopen": "reopened",
        "asking dispute": "disputed",
    },
    "reopened": {
        "asked accept": "accepted",
        "asked return": "returned",
        "asked forward": "reopened",
        "asked clarify": "clarifying",
        "asked answer": "answered",
        "asking remind": "reopened",
        "asking escalate": "reopened",
        "asking withdraw": "withdrawn",
    },
    "disputed": {"city decide": "decided"},
    "decided": {"asked answer": "answered", "asking close": "closed"},
    "closed": {"asking reopen": "reopened", "asked dispute": "disputed"},
    "withdrawn": {},
}


@pytest.mark.parametrize(("state", "verb", "side"), list(product(State, Verb, Side)))
def test_every_step_is_allowed_or_refused_as_written(state: State, verb: Verb, side: Side) -> None:
    expected = EXPECTED[state].get(f"{side} {verb}")
    if expected is None:
        with pytest.raises(NotInThisState):
            after(state, verb, side)
    else:
        assert after(state, verb, side) == expected


def test_an_answer_that_leaves_something_open_is_a_part_answer() -> None:
    for state in (*WAITING, State.CLARIFYING, State.DECIDED):
        assert after(state, Verb.ANSWER, Side.ASKED, complete=False) is State.PART_ANSWERED


def _acts(side: Side, state: State) -> list[tuple[Verb, bool]]:
    """What a side may do in a state and tells the other about."""
    return [
        (verb, complete)
        for (at, verb, by), complete in product(TRANSITIONS, (True, False))
        if at is state and by is side and verb in WIRE_KINDS
        if complete or verb is Verb.ANSWER
    ]


@pytest.mark.parametrize("state", State)
def test_two_desks_that_act_at_once_end_in_the_same_state(state: State) -> None:
    for (ours, whole), (theirs, complete) in product(
        _acts(Side.ASKING, state), _acts(Side.ASKED, state)
    ):
        asking = after(state, ours, Side.ASKING, complete=whole)
        asked = after(state, theirs, Side.ASKED, complete=complete)
        at_asking = after_arrival(asking, theirs, Side.ASKED, complete=complete)
        at_asked = after_arrival(asked, ours, Side.ASKING, complete=whole)
        assert at_asking == at_asked, (state, ours, theirs)


def test_crossing_never_adds_to_what_a_desk_may_do() -> None:
    assert not TRANSITIONS.keys() & CROSSED.keys()
    for state, verb, side in CROSSED:
        with pytest.raises(NotInThisState):
            after(state, verb, side)
