"""Whom another county's claim is about: an id, found once, and a look like any other."""

from fastapi import FastAPI

from shared.events.migrant_claims import ClaimantSought
from shared.ids import new_id
from shared.testing import Issuer, event_message
from tests.conftest import ServiceFactory, parts_of
from tests.registry.places import number
from tests.registry.vital_samples import MOTHER, open_desk

_SAID = """
SELECT payload::jsonb -> 'data' AS data FROM outbox
WHERE payload::jsonb ->> 'type' = 'yipan.registry.claimant-found.v1' ORDER BY id
"""


async def seek(app: FastAPI, id_number: str) -> dict[str, str | None]:
    """Sought twice, answered once: what was said."""
    message = event_message(ClaimantSought(claim_id=new_id(), id_number=id_number))
    pool = parts_of(app).database.pool
    before = len(await pool.fetch(_SAID))
    for _ in range(2):
        assert await parts_of(app).loop.deliver(message)
    (said,) = (await pool.fetch(_SAID))[before:]
    return dict(said["data"])


async def test_the_register_says_which_resident_it_is_or_none(
    start_service: ServiceFactory, issuer: Issuer
) -> None:
    async with open_desk(start_service, issuer) as desk:
        person = await desk.person(MOTHER)
        mother = person["id"]
        said = await seek(desk.app, MOTHER["id_number"])
        assert said["person_id"] == mother
        assert said.keys() == {"claim_id", "person_id", "region"}
        assert said["region"] == person["hukou_region"]
        looks = await parts_of(desk.app).database.pool.fetch(
            "SELECT actor_sub, purpose FROM usage_entries WHERE subject_id = $1"
            " AND actor_sub = 'service:registry' AND purpose = 'service'",
            mother,
        )
        assert len(looks) == 1
        assert (await seek(desk.app, number("19700101", 888)))["person_id"] is None
