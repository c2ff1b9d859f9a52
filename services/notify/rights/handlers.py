"""Erasing numbers and texts."""

from uuid import UUID

from services.notify.contacts.queries import current_person
from services.notify.rights.models import Erasure
from services.notify.rights.queries import HER_OPT_OUTS, anything_held, erasure_view
from services.notify.rights.rules import KEEPING
from shared.db import Tx
from shared.erasure import ErasureView, kind_view
from shared.events.notify import MessageFailed
from shared.ids import new_id
from shared.subjects import require_own

# Kind → statement. Held kinds are counted, the others erased.
STATEMENTS = {
    "consents": "SELECT FROM contacts WHERE person_id = $1",
    "opt-outs": f"SELECT {HER_OPT_OUTS}",
    "message-facts": "SELECT FROM messages WHERE person_id = $1",
    "contact-choices": "DELETE FROM contact_choices WHERE person_id = $1",
    "stays": "DELETE FROM stays WHERE person_id = $1",
    "reminders": "DELETE FROM reminders WHERE person_id = $1",
    "replies": "DELETE FROM inbound_texts WHERE person_id = $1",
    "deaths": "DELETE FROM deaths WHERE person_id = $1 AND annulled",
    "contact-numbers": (
        "UPDATE contacts SET phone_sealed = NULL, phone_index = NULL"
        " WHERE person_id = $1 AND phone_sealed IS NOT NULL"
    ),
    "message-contents": (
        "UPDATE messages SET body_sealed = NULL, phone_sealed = NULL, phone_index = ''"
        " WHERE person_id = $1 AND (body_sealed IS NOT NULL OR phone_sealed IS NOT NULL)"
    ),
}
_LOCK = "SELECT FROM messages WHERE person_id = $1 ORDER BY id FOR UPDATE"
# One that is being submitted just now ends by what its provider says; it is not sent again.
_CANCEL = """
UPDATE messages SET status = 'cancelled', reason = 'erased', done_at = $2
WHERE person_id = $1 AND status IN ('queued', 'held') RETURNING id
"""


async def erase_contacts(person_id: UUID, tx: Tx) -> ErasureView:
    """Erase her numbers and the content of her texts, cancel what has not gone, and say of
    everything else why it stays. Doing it again erases nothing more. Raises NotFound for another
    person, or one of whom nothing is held."""
    await require_own(person_id, tx, "notify:write")
    person_id = await current_person(person_id, tx)
    await anything_held(person_id, tx)
    await tx.execute(_LOCK, person_id)
    for row in await tx.fetch(_CANCEL, person_id, tx.now):
        tx.emit(MessageFailed(message_id=row["id"], reason="erased"))
    kinds = []
    for keeping in KEEPING:
        tag = await tx.execute(STATEMENTS[keeping.kind], person_id)
        kinds.append(kind_view(keeping, int(tag.rpartition(" ")[2])))
    erasure = Erasure(
        id=new_id(),
        person_id=person_id,
        region=tx.actor.region,
        kinds=[kind.model_dump() for kind in kinds],
        decided_at=tx.now,
        decided_by=tx.actor.sub,
    )
    await tx.add(erasure)
    tx.saw(person_id, "erasure")
    return erasure_view(erasure)
