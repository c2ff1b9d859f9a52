"""Which events this service listens to."""

from services.notify.contacts import handlers as contacts
from services.notify.contacts.choices import change_choice
from services.notify.contacts.deaths import hear_of_annulment, hear_of_death
from services.notify.contacts.queries import current_person
from services.notify.contacts.stays import (
    hear_of_annulled_arrival,
    hear_of_arrival,
    hear_of_correction,
    hear_of_departure,
)
from services.notify.digests.duties import follow_duties
from services.notify.messages import handlers as messages
from services.notify.messages.asking import ask_whether_it_helped
from services.notify.messages.stopping import stop_texts
from services.notify.reminders import handlers as reminders
from services.notify.reminders.decisions import tell_decision
from services.notify.reminders.expiries import tell_expiry
from services.notify.reminders.offers import tell_offer
from services.notify.reminders.rules import PURPOSE
from services.notify.settings import Sending
from shared.consumer import Consumer
from shared.db import Tx
from shared.events.exchange import ObjectionDecided
from shared.events.migrant import (
    AppointmentBooked,
    AppointmentCancelled,
    AppointmentChanged,
    AppointmentOffered,
    ArrivalAnnulled,
    CertificateExpiring,
    ConsentGiven,
    ConsentWithdrawn,
    ContactChoicesChanged,
    HelpRatingAsked,
    MigrantArrived,
    MigrantDeparted,
    StayCorrected,
)
from shared.events.registry import PersonsMerged, PersonsSeparated
from shared.events.registry_vital import BirthRegistered, DeathAnnulled, DeathRegistered
from shared.subjects import follow_logins
from shared.usage import Purpose


def listen(sending: Sending) -> Consumer:
    """The consumer under a county's rules of sending."""
    consumer = Consumer("notify")
    follow_logins(consumer)
    follow_duties(consumer)
    consumer.on(ConsentGiven)(contacts.give_consent)
    consumer.on(ContactChoicesChanged)(change_choice)
    consumer.on(MigrantArrived)(hear_of_arrival)
    consumer.on(MigrantDeparted)(hear_of_departure)
    consumer.on(ArrivalAnnulled)(hear_of_annulled_arrival)
    consumer.on(StayCorrected)(hear_of_correction)
    consumer.on(AppointmentCancelled)(reminders.cancel_reminder)
    consumer.on(DeathRegistered)(hear_of_death)
    consumer.on(DeathAnnulled)(hear_of_annulment)
    consumer.on(PersonsMerged)(contacts.merge_persons)
    consumer.on(PersonsSeparated)(contacts.separate_persons)

    @consumer.on(ConsentWithdrawn)
    async def consent_withdrawn(event: ConsentWithdrawn, tx: Tx) -> None:
        await contacts.withdraw_consent(event, tx)
        await stop_texts(await current_person(event.person_id, tx), event.purpose, tx)
        if event.purpose == PURPOSE:
            await reminders.forget_reminders(event.person_id, tx)

    @consumer.on(AppointmentBooked)
    async def appointment_booked(event: AppointmentBooked, tx: Tx) -> None:
        await reminders.plan_reminder(event, tx, sending)

    @consumer.on(AppointmentChanged)
    async def appointment_changed(event: AppointmentChanged, tx: Tx) -> None:
        await reminders.plan_reminder(event, tx, sending)

    @consumer.on(AppointmentOffered)
    async def appointment_offered(event: AppointmentOffered, tx: Tx) -> None:
        tx.purpose = Purpose.NOTIFICATION
        await tell_offer(event, tx, sending)

    @consumer.on(CertificateExpiring)
    async def certificate_expiring(event: CertificateExpiring, tx: Tx) -> None:
        tx.purpose = Purpose.NOTIFICATION
        await tell_expiry(event, tx, sending)

    @consumer.on(ObjectionDecided)
    async def objection_decided(event: ObjectionDecided, tx: Tx) -> None:
        tx.purpose = Purpose.NOTIFICATION
        await tell_decision(event, tx, sending)

    @consumer.on(BirthRegistered)
    async def birth_registered(event: BirthRegistered, tx: Tx) -> None:
        tx.purpose = Purpose.NOTIFICATION
        await messages.congratulate_on_birth(event, tx, sending)

    @consumer.on(HelpRatingAsked)
    async def help_rating_asked(event: HelpRatingAsked, tx: Tx) -> None:
        tx.purpose = Purpose.NOTIFICATION
        await ask_whether_it_helped(event, tx, sending)

    return consumer


consumer = listen(Sending())
