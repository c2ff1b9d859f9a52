"""Erasing what no duty holds."""

from uuid import UUID

from services.migrant.people.queries import current_id
from services.migrant.rights.models import Erasure
from services.migrant.rights.queries import anything_held, erasure_view
from services.migrant.rights.rules import KEEPING, oldest_kept
from shared.db import Tx
from shared.erasure import ErasureView, kind_view
from shared.ids import new_id
from shared.subjects import require_own

# Kind → (statement, which of `now`, `today`, `oldest` follow the person as arguments). Held kinds
# are counted, the others erased.
STATEMENTS: dict[str, tuple[str, tuple[str, ...]]] = {
    "identity": ("SELECT FROM people WHERE person_id = $1", ()),
    "stays": ("SELECT FROM arrivals WHERE person_id = $1", ()),
    "employments": ("SELECT FROM employments WHERE person_id = $1", ()),
    "consents-standing": (
        "SELECT FROM consents WHERE person_id = $1 AND withdrawn_at IS NULL",
        (),
    ),
    "certificates-valid": (
        "SELECT FROM certificates WHERE person_id = $1 AND valid_until >= $2",
        ("today",),
    ),
    "appointments-to-come": (
        "SELECT FROM appointments WHERE person_id = $1 AND at >= $2 AND status = 'booked'",
        ("now",),
    ),
    "service-records-recent": (
        "SELECT FROM service_records WHERE person_id = $1 AND delivered_on >= $2",
        ("oldest",),
    ),
    "help-requests-recent": (
        "SELECT FROM help_requests WHERE person_id = $1"
        " AND (settled_at IS NULL OR settled_at::date >= $2)",
        ("oldest",),
    ),
    "phone": (
        "UPDATE people SET phone_sealed = NULL, phone_index = NULL"
        " WHERE person_id = $1 AND phone_sealed IS NOT NULL",
        (),
    ),
    "consents-withdrawn": (
        "DELETE FROM consents WHERE person_id = $1 AND withdrawn_at IS NOT NULL",
        (),
    ),
    "certificates-expired": (
        "DELETE FROM certificates WHERE person_id = $1 AND valid_until < $2",
        ("today",),
    ),
    "appointments-past": (
        "DELETE FROM appointments WHERE person_id = $1 AND (at < $2 OR status <> 'booked')",
        ("now",),
    ),
    "service-records-old": (
        "DELETE FROM service_records WHERE person_id = $1 AND delivered_on < $2",
        ("oldest",),
    ),
    "help-requests-old": (
        "DELETE FROM help_requests WHERE person_id = $1 AND settled_at::date < $2",
        ("oldest",),
    ),
}


async def erase_held(person_id: UUID, tx: Tx) -> ErasureView:
    """Erase what no duty holds and say of everything else why it stays. Doing it again erases
    nothing more. Raises NotFound for another person, or one of whom nothing is held."""
    await require_own(person_id, tx, "migrant:write")
    person_id = await current_id(person_id, tx)
    await anything_held(person_id, tx)
    moments = {"now": tx.now, "today": tx.today, "oldest": oldest_kept(tx.today)}
    kinds = []
    for keeping in KEEPING:
        statement, names = STATEMENTS[keeping.kind]
        tag = await tx.execute(statement, person_id, *(moments[name] for name in names))
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
