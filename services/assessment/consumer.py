"""Which events this service listens to: each is counted, none is stored."""

from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from services.assessment.facts import rules
from services.assessment.facts.handlers import record_facts
from services.assessment.facts.schemas import RecordFact
from shared.consumer import Consumer
from shared.db import Tx
from shared.events.base import Event
from shared.events.exchange import (
    InquiryAnswered,
    InquiryClosed,
    InquiryOpened,
    InquiryOverdue,
    NoticeConfirmed,
    NoticeReceived,
    NoticeSent,
)
from shared.events.migrant import (
    CertificateChecked,
    HelpRequested,
    HelpSettled,
    MigrantArrived,
    ServiceDelivered,
)
from shared.events.notify import MessageDelivered, MessageFailed
from shared.events.registry import BirthRegistered, DeathRegistered, PersonCorrected, RosterImported
from shared.ids import new_id

EventT = TypeVar("EventT", bound=Event)

consumer = Consumer("assessment")


def _counts(
    event_type: type[EventT], facts_of: Callable[[EventT, str, datetime], list[RecordFact]]
) -> None:
    """Listen to an event and record the facts that `facts_of` reads from it."""

    @consumer.on(event_type)
    async def count(event: EventT, tx: Tx) -> None:
        at = tx.happened_at or tx.now
        event_id = tx.causation_id or str(new_id())
        await record_facts(facts_of(event, tx.actor.region, at), event_id, at, tx)


_counts(BirthRegistered, rules.birth_registered)
_counts(DeathRegistered, rules.death_registered)
_counts(RosterImported, rules.roster_imported)
_counts(PersonCorrected, rules.person_corrected)
_counts(MigrantArrived, rules.migrant_arrived)
_counts(ServiceDelivered, rules.service_delivered)
_counts(HelpRequested, rules.help_requested)
_counts(HelpSettled, rules.help_settled)
_counts(CertificateChecked, rules.certificate_checked)
_counts(NoticeSent, rules.notice_sent)
_counts(NoticeConfirmed, rules.notice_confirmed)
_counts(NoticeReceived, rules.notice_received)
_counts(InquiryOpened, rules.inquiry_opened)
_counts(InquiryAnswered, rules.inquiry_answered)
_counts(InquiryOverdue, rules.inquiry_overdue)
_counts(InquiryClosed, rules.inquiry_closed)
_counts(MessageDelivered, rules.message_delivered)
_counts(MessageFailed, rules.message_failed)
