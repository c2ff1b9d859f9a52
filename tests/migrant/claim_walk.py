"""Every order in which two counties can act on claims between them and their words can arrive,
walked from one state to all that follow from it. Both counties are one here (claim_road.py)."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress

from services.migrant.claims.models import Claim
from services.migrant.claims.received_models import ReceivedClaim
from services.migrant.claims.rules import STATUS_OF, Standing
from shared.db import Tx
from shared.problems import Problem
from tests.migrant.claim_road import bring, carried

Act = Callable[[Tx], Awaitable[object]]
Pair = tuple[Claim, ReceivedClaim | None]
State = tuple[object, ...]


class TakenBack(Exception):
    """Ends an attempt whose outcome was looked at."""


class Walk:
    """Takes each of `acts` in each state, and brings each word that is under way; each state is
    gone on from once. `always` looks at the claims of each state in the order they were filed, ours
    with theirs; `ends` has those of each state from which nothing follows."""

    def __init__(
        self, acts: Iterable[Act], always: Callable[[Sequence[Pair]], None], tx: Tx
    ) -> None:
        self._acts = tuple(acts)
        self._always = always
        self._tx = tx
        self.states: set[State] = set()
        self.ends: list[Sequence[Pair]] = []

    async def on(self, brought: frozenset[int] = frozenset()) -> None:
        """Go on from here; `brought` are the words that have arrived."""
        pairs = await self._claims()
        said = [each for each in enumerate(self._tx.emitted) if each[0] not in brought]
        waiting = {number: word for number, event in said if (word := carried(event)) is not None}
        order = {str(ours.id): place for place, (ours, _) in enumerate(pairs)}
        under_way = frozenset(
            (
                order[word.key],
                type(word).__name__,
                getattr(word, "revision", 0),
                getattr(word, "number", 0),
            )
            for word in waiting.values()
        )
        state = (*[await self._state(pair) for pair in pairs], under_way)
        if state in self.states:
            return
        self.states.add(state)
        self._always(pairs)
        moved = False
        for act in self._acts:
            moved |= await self._try(act(self._tx), brought)
        for number, word in waiting.items():
            moved |= await self._try(bring(word, self._tx), brought | {number})
        if not moved:
            self.ends.append(pairs)

    async def _claims(self) -> list[Pair]:
        ours = await self._tx.find(Claim, "SELECT * FROM claims ORDER BY id")
        return [(each, await self._tx.get(ReceivedClaim, each.id)) for each in ours]

    async def _try(self, act: Awaitable[object], brought: frozenset[int]) -> bool:
        """Whether it could be done; all that follows from it is walked, and it is taken back."""
        with suppress(TakenBack):
            try:
                async with self._tx.attempt():
                    await act
                    await self.on(brought)
                    raise TakenBack
            except Problem:
                return False
        return True

    async def _state(self, pair: Pair) -> State:
        ours, theirs = pair
        here = (
            *(ours.status, ours.by_hand, ours.recalled_on, ours.given_back_on, ours.paid_fen),
            *(ours.revision, ours.answers_heard),
        )
        there: State = ()
        if theirs is not None:
            listed = await self._tx.fetch_value(
                "SELECT status FROM claim_payment_lists WHERE id = $1", theirs.list_id
            )
            there = (theirs.status, theirs.paid_fen, theirs.revision, theirs.answers, listed)
        held = await self._tx.fetch_value(
            "SELECT count(*) FROM held_claim_words WHERE claim_id = $1", ours.id
        )
        return (here, there, held)


def assert_settled(ours: Claim, theirs: ReceivedClaim | None) -> None:
    """Nothing more can follow: both sides say the same, or it is settled on paper."""
    assert theirs is not None
    assert ours.recalled_on is None
    if ours.by_hand:
        assert theirs.status == Standing.WITHDRAWN
    else:
        assert ours.status == STATUS_OF[Standing(theirs.status)]
        assert ours.paid_fen == theirs.paid_fen
