"""Which events this service listens to."""

from services.notify.contacts import handlers as contacts
from services.notify.messages import handlers as messages
from services.notify.settings import Sending
from shared.consumer import Consumer
from shared.db import Tx
from shared.events.migrant import ConsentGiven, ConsentWithdrawn
from shared.events.registry import BirthRegistered, PersonsMerged, PersonsSeparated
from shared.usage import Purpose


def listen(sending: Sending) -> Consumer:
    """The consumer under a county's rules of sending."""
    consumer = Consumer("notify")
    consumer.on(ConsentGiven)(contacts.give_consent)
    consumer.on(ConsentWithdrawn)(contacts.withdraw_consent)
    consumer.on(PersonsMerged)(contacts.merge_persons)
    consumer.on(PersonsSeparated)(contacts.separate_persons)

    @consumer.on(BirthRegistered)
    async def birth_registered(event: BirthRegistered, tx: Tx) -> None:
        tx.purpose = Purpose.NOTIFICATION
        await messages.congratulate_on_birth(event, tx, sending)

    return consumer


consumer = listen(Sending())
