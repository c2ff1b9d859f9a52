"""Which events this service listens to: each is counted, none is stored. A change of the map moves
what was counted."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TypeVar

from services.assessment.facts import exchange_facts, migrant_facts, registry_facts
from services.assessment.facts.handlers import record_facts
from services.assessment.facts.mapping import change_map
from services.assessment.facts.rules import check_days
from services.assessment.facts.schemas import RecordFact
from services.assessment.facts.settling import note_settled
from shared.consumer import Consumer
from shared.db import Tx
from shared.events import (
    exchange,
    exchange_monthly,
    migrant,
    migrant_claims,
    notify,
    registry,
    registry_vital,
)
from shared.events.base import Event
from shared.ids import new_id

EventT = TypeVar("EventT", bound=Event)

consumer = Consumer("assessment")


def _counts(
    event_type: type[EventT],
    facts_of: Callable[[EventT, str, datetime], list[RecordFact]],
    *also: Callable[[EventT, datetime, Tx], Awaitable[None]],
) -> None:
    """Listen to an event, record the facts that `facts_of` reads from it, and do what is to be
    done `also`."""

    @consumer.on(event_type)
    async def count(event: EventT, tx: Tx) -> None:
        at = tx.happened_at or tx.now
        event_id = tx.causation_id or str(new_id())
        facts = facts_of(event, tx.actor.region, at)
        check_days(facts, at, tx.now)
        await record_facts(facts, event_id, at, tx)
        for each in also:
            await each(event, at, tx)


_counts(registry_vital.BirthRegistered, registry_facts.birth_registered)
_counts(registry_vital.BirthCorrected, registry_facts.birth_corrected)
_counts(registry_vital.BirthAnnulled, registry_facts.birth_annulled)
_counts(registry_vital.BirthReinstated, registry_facts.birth_reinstated)
_counts(registry_vital.DeathRegistered, registry_facts.death_registered)
_counts(registry_vital.DeathCorrected, registry_facts.death_corrected)
_counts(registry_vital.DeathAnnulled, registry_facts.death_annulled)
_counts(registry_vital.MarriageRegistered, registry_facts.marriage_registered)
_counts(registry_vital.DivorceRegistered, registry_facts.marriage_registered)
_counts(registry_vital.MarriageCorrected, registry_facts.marriage_corrected)
_counts(registry_vital.MarriageAnnulled, registry_facts.marriage_annulled)
_counts(registry_vital.MarriageReinstated, registry_facts.marriage_reinstated)
_counts(registry.RosterImported, registry_facts.roster_imported)
_counts(registry.FeedReconciled, registry_facts.feed_reconciled)
_counts(registry.FeedWithdrawn, registry_facts.feed_withdrawn)
_counts(registry.PersonCorrected, registry_facts.person_corrected)
_counts(registry.RecordUseCounted, registry_facts.record_use_counted)
_counts(registry.BlindZoneFound, registry_facts.blind_zone_found)
_counts(registry.ArrivalDoubted, registry_facts.arrival_doubted)
_counts(migrant.MigrantArrived, migrant_facts.migrant_arrived)
_counts(migrant.StayCorrected, migrant_facts.stay_corrected)
_counts(migrant.ArrivalAnnulled, migrant_facts.arrival_annulled)
_counts(migrant.EmploymentFiled, migrant_facts.employment_filed)
_counts(migrant.EmploymentEnded, migrant_facts.employment_ended)
_counts(migrant.EmploymentCorrected, migrant_facts.employment_corrected)
_counts(migrant.EmploymentWithdrawn, migrant_facts.employment_withdrawn)
_counts(migrant.ServiceDelivered, migrant_facts.service_delivered)
_counts(migrant.ServiceRecordAnnulled, migrant_facts.service_record_annulled)
_counts(migrant.ReferralMade, migrant_facts.referral_made)
_counts(migrant.ReferralEnded, migrant_facts.referral_ended)
_counts(migrant_claims.ClaimSettled, migrant_facts.claim_settled)
_counts(migrant.BenefitListPaid, migrant_facts.benefit_list_paid)
_counts(migrant.HelpRequested, migrant_facts.help_requested)
_counts(migrant.HelpSettled, migrant_facts.help_settled)
_counts(migrant.HelpOverdue, migrant_facts.help_overdue)
_counts(migrant.HelpRated, migrant_facts.help_rated)
_counts(migrant.CertificateRequestDecided, migrant_facts.certificate_request_decided)
_counts(migrant.CertificateRequestOverdue, migrant_facts.certificate_request_overdue)
_counts(migrant.CertificateChecked, migrant_facts.certificate_checked)
_counts(exchange.NoticeSent, exchange_facts.notice_sent)
_counts(exchange.NoticeConfirmed, exchange_facts.notice_confirmed)
_counts(exchange.NoticeReceived, exchange_facts.notice_received)
_counts(exchange.NoticeAmended, exchange_facts.notice_amended)
_counts(exchange.InquiryOpened, exchange_facts.inquiry_opened)
_counts(exchange.InquiryAnswered, exchange_facts.inquiry_answered)
_counts(exchange.InquiryOverdue, exchange_facts.inquiry_overdue)
_counts(exchange.InquiryOverdueAnnulled, exchange_facts.inquiry_overdue_annulled)
_counts(exchange.InquiryClosed, exchange_facts.inquiry_closed, note_settled)
_counts(exchange_monthly.SeenByPeer, exchange_facts.seen_by_peer)
_counts(exchange_monthly.ReconciliationConcluded, exchange_facts.reconciliation_concluded)
_counts(notify.MessageDelivered, exchange_facts.message_delivered)
_counts(notify.MessageFailed, exchange_facts.message_failed)


@consumer.on(registry.RegionsChanged)
async def regions_changed(event: registry.RegionsChanged, tx: Tx) -> None:
    await change_map(registry_facts.regions_changed(event), tx)
