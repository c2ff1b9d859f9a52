"""Requests for help at the handlers: what is written, said and seen in one transaction."""

from datetime import timedelta
from typing import Any

import pytest

from services.migrant.help.errors import AlreadyAccepted, NotYourOffices
from services.migrant.help.handlers import accept_help, request_help, settle_help
from services.migrant.help.lists import Box, Show, list_inbox
from services.migrant.help.models import HelpStep
from services.migrant.help.schemas import AcceptHelp, RequestHelp, SettleHelp
from shared.db import Tx
from shared.events.migrant import HelpRequested, HelpSettled
from shared.ids import new_id
from shared.problems import NotFound, OutsideJurisdiction
from shared.testing import emitted
from shared.usage import Purpose
from tests.conftest import TxFactory
from tests.migrant.help_samples import WAGES, make_request
from tests.migrant.samples import clerk

PERSON = new_id()


def command(**overrides: Any) -> RequestHelp:
    return RequestHelp.model_validate(make_request(**overrides))


def at(org: str, tx: Tx) -> Tx:
    """The same transaction, as a clerk of another office."""
    tx.actor = clerk(org=org, sub=f"clerk-of-{org}")
    return tx


async def test_taking_writes_two_steps_says_one_event_and_is_seen(open_tx: TxFactory) -> None:
    async with open_tx("migrant", actor=clerk(), purpose=Purpose.SERVICE) as tx:
        view = await request_help(command(person_id=str(PERSON), people=12), tx)
        (event,) = emitted(tx, HelpRequested)
        assert isinstance(event, HelpRequested)
        assert (event.office, event.urgent, event.people) == (WAGES, True, 12)
        assert event.due_on == tx.today + timedelta(days=60)
        steps = await tx.find(HelpStep, "SELECT * FROM help_steps ORDER BY id")
        assert [(each.kind, each.to_office) for each in steps] == [
            ("taken", None),
            ("routed", WAGES),
        ]
        assert [each.subject_id for each in tx.usages] == [PERSON]
        assert view.number == view.id.hex[-8:].upper()


async def test_outside_the_jurisdiction(open_tx: TxFactory) -> None:
    async with open_tx("migrant", actor=clerk(region="420325101")) as tx:
        with pytest.raises(OutsideJurisdiction):
            await request_help(command(), tx)


async def test_settling_says_nothing_of_how_content_she_is(open_tx: TxFactory) -> None:
    async with open_tx("migrant", actor=clerk(), purpose=Purpose.SERVICE) as tx:
        asked = await request_help(command(person_id=str(PERSON)), tx)
        with pytest.raises(NotYourOffices):
            await accept_help(asked.id, None, tx)
        with pytest.raises(NotFound):
            await accept_help(asked.id, None, at("education", tx))
        at(WAGES, tx)
        await accept_help(asked.id, AcceptHelp(note="内部"), tx)
        with pytest.raises(AlreadyAccepted):
            await accept_help(asked.id, None, tx)
        done = await settle_help(asked.id, SettleHelp(answer="已付清"), tx)
        assert (done.in_time, done.satisfaction) == (True, None)
        assert done.rate_until == tx.today + timedelta(days=30)
        (event,) = emitted(tx, HelpSettled)
        assert isinstance(event, HelpSettled)
        assert event.satisfied is None
        notes = [each.note for each in done.steps if each.note]
        assert notes == ["内部"]


async def test_an_inbox_leaves_no_look_because_it_shows_nobody(open_tx: TxFactory) -> None:
    async with open_tx("migrant", actor=clerk(), purpose=Purpose.SERVICE) as tx:
        await request_help(command(person_id=str(PERSON)), tx)
        before = len(tx.usages)
        page = await list_inbox(Box.HELD, Show.UNSETTLED, None, None, 10, at(WAGES, tx))
        assert len(page.items) == 1
        assert not hasattr(page.items[0], "person_id")
        assert len(tx.usages) == before
