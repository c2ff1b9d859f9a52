"""A merge that was wrong is taken back: looks at the one are not looks at the other any more."""

from shared.events.registry import PersonsMerged, PersonsSeparated
from shared.ids import new_id
from shared.subjects import current_subject
from tests.exchange.federation import COUNTY, Federation
from tests.exchange.test_notices import deliver_twice


async def test_the_subjects_are_two_again(friends: Federation) -> None:
    here, kept, merged = friends[COUNTY], new_id(), new_id()
    seen = []
    for event in (
        PersonsMerged(kept_id=kept, merged_id=merged),
        PersonsSeparated(kept_id=kept, merged_id=merged),
    ):
        await deliver_twice(here, event)
        async with here.parts.database.transaction(here.parts.actor) as tx:
            seen.append(await current_subject(merged, tx))
    assert seen == [kept, merged]
