"""Services that a home county hears of (服务办结通报): those given after her arrival was told, and
only while she agrees to it (告知户籍地)."""

from uuid import UUID

from services.exchange.notices.events import arrival_told, id_number_of, tell_after
from services.exchange.notices.rules import NoticeKind, wire_kind
from services.exchange.notices.schemas import ServiceDelivered
from shared.db import Tx
from shared.events import migrant

TELL_HOME = "tell-home"  # the purpose she agrees to, as the migrant service names it
_OF_HEALTH = frozenset({"health-check", "public-health", "child-vaccination", "follow-up"})

_AGREES = """
SELECT EXISTS (SELECT FROM home_consents WHERE NOT withdrawn
  AND person_id IN ($1, (SELECT subject_id FROM subject_aliases WHERE alias_id = $1)))
"""
_NOTE = """
INSERT INTO home_consents (consent_id, person_id, region, withdrawn) VALUES ($1, $2, $3, $4)
ON CONFLICT (consent_id) DO UPDATE SET withdrawn = home_consents.withdrawn OR excluded.withdrawn
"""
_STOP = """
WITH stopped AS (
  UPDATE messages_out AS message
  SET state = 'given-up', last_error = 'consent-withdrawn',
      decided_by = $2, decision_reason = '本人撤回同意 / consent withdrawn'
  FROM notices AS notice
  WHERE notice.person_id = $1 AND notice.direction = 'out' AND message.subject_id = notice.id
    AND message.kind = $3 AND message.state = 'queued'
  RETURNING message.subject_id)
UPDATE notices SET void = true, version = version + 1
WHERE id IN (SELECT subject_id FROM stopped)
  OR (person_id = $1 AND direction = 'out' AND kind = 'service-delivered' AND peer IS NULL)
"""


async def tell_of_service(event: migrant.ServiceDelivered, tx: Tx) -> None:
    """Nothing that concerns her health is ever told (个人信息保护法第二十八条)."""
    if event.service in _OF_HEALTH:
        return
    arrival = await arrival_told(event.person_id, tx)
    if arrival is None or not await tx.fetch_value(_AGREES, event.person_id):
        return
    content = ServiceDelivered(
        kind=NoticeKind.SERVICE_DELIVERED,
        region=event.region,
        happened_on=event.delivered_on,
        id_number=id_number_of(arrival, tx),
        service=event.service,
    )
    await tell_after(arrival, content, service_source(event.record_id), tx)


def service_source(record_id: UUID) -> str:
    return f"service:{record_id}"


async def note_consent(event: migrant.ConsentGiven, tx: Tx) -> None:
    """From now on; a withdrawal that came first stands."""
    if event.purpose == TELL_HOME:
        await tx.execute(
            _NOTE,
            event.consent_id,
            event.person_id,
            tx.actor.region,
            False,
        )


async def note_withdrawal(event: migrant.ConsentWithdrawn, tx: Tx) -> None:
    """At once: what has not left yet does not leave, nor does what waits for a participant."""
    if event.purpose != TELL_HOME:
        return
    await tx.execute(
        _NOTE,
        event.consent_id,
        event.person_id,
        tx.actor.region,
        True,
    )
    kind = wire_kind(NoticeKind.SERVICE_DELIVERED)
    await tx.execute(_STOP, event.person_id, tx.actor.sub, kind)
