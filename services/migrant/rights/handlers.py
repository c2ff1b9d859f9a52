"""Erasing what no duty holds."""

from datetime import timedelta
from uuid import UUID

from services.migrant.claims.papers import claims_of, release_erased
from services.migrant.consents.rules import LONGEST_PEACE_DAYS
from services.migrant.people.queries import current_id
from services.migrant.rights.models import Erasure
from services.migrant.rights.queries import anything_held, erasure_view
from services.migrant.rights.rules import KEEPING, oldest_kept
from shared.db import Tx
from shared.erasure import ErasureView, kind_view
from shared.ids import new_id
from shared.subjects import require_own

# Kind → (statement, which moments follow the person as arguments). Held kinds
# are counted, the others erased.
STATEMENTS: dict[str, tuple[str, tuple[str, ...]]] = {
    "identity": ("SELECT FROM people WHERE person_id = $1", ()),
    "stays": ("SELECT FROM arrivals WHERE person_id = $1", ()),
    "stay-changes": ("SELECT FROM stay_changes WHERE person_id = $1", ()),
    "expected-departures": (
        "UPDATE arrivals SET leaving_on = NULL, leaving_to = NULL"
        " WHERE person_id = $1 AND leaving_on IS NOT NULL",
        (),
    ),
    "employments": (
        "SELECT FROM employments WHERE person_id = $1 AND withdrawn_at IS NULL",
        (),
    ),
    "consents-standing": (
        "SELECT FROM consents WHERE person_id = $1 AND withdrawn_at IS NULL",
        (),
    ),
    "certificates-valid": (
        "SELECT FROM certificates WHERE person_id = $1 AND valid_until >= $2",
        ("today",),
    ),
    "certificate-requests-open": (
        "SELECT FROM certificate_requests WHERE person_id = $1"
        " AND status IN ('asked', 'open', 'ready')",
        (),
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
    "convening-now": (
        "SELECT FROM conveners WHERE person_id = $1"
        " AND ended_at IS NULL AND (until IS NULL OR until >= $2)",
        ("today",),
    ),
    "help-companies": ("DELETE FROM help_companions WHERE person_id = $1", ()),
    "convening-ended": (
        "DELETE FROM conveners WHERE person_id = $1 AND (ended_at IS NOT NULL OR until < $2)",
        ("today",),
    ),
    "logins-standing": (
        "SELECT FROM account_links WHERE person_id = $1 AND ended_at IS NULL",
        (),
    ),
    "logins-ended": (
        "DELETE FROM account_links WHERE person_id = $1 AND ended_at IS NOT NULL",
        (),
    ),
    "self-registrations": ("DELETE FROM self_registrations WHERE person_id = $1", ()),
    "phone": (
        "UPDATE people SET phone_sealed = NULL, phone_index = NULL"
        " WHERE person_id = $1 AND phone_sealed IS NOT NULL",
        (),
    ),
    "employments-withdrawn": (
        "DELETE FROM employments WHERE person_id = $1 AND withdrawn_at IS NOT NULL",
        (),
    ),
    "consent-refusals-recent": (
        "SELECT FROM consent_refusals WHERE person_id = $1 AND declined_at >= $2",
        ("left_in_peace",),
    ),
    "consent-refusals-past": (
        "DELETE FROM consent_refusals WHERE person_id = $1 AND declined_at < $2",
        ("left_in_peace",),
    ),
    "contact-choices": ("DELETE FROM contact_choices WHERE person_id = $1", ()),
    "consents-withdrawn": (
        "DELETE FROM consents WHERE person_id = $1 AND withdrawn_at IS NOT NULL",
        (),
    ),
    "certificates-expired": (
        "DELETE FROM certificates WHERE person_id = $1 AND valid_until < $2",
        ("today",),
    ),
    "certificate-requests-over": (
        "DELETE FROM certificate_requests WHERE person_id = $1"
        " AND status NOT IN ('asked', 'open', 'ready')",
        (),
    ),
    "appointments-past": (
        "DELETE FROM appointments WHERE person_id = $1 AND (at < $2 OR status <> 'booked')",
        ("now",),
    ),
    "appointment-waits": ("DELETE FROM appointment_waits WHERE person_id = $1", ()),
    "referrals-open": ("SELECT FROM referrals WHERE person_id = $1 AND ended_on IS NULL", ()),
    "referrals-over": (
        "DELETE FROM referrals WHERE person_id = $1 AND ended_on IS NOT NULL",
        (),
    ),
    "service-records-old": (
        "DELETE FROM service_records WHERE person_id = $1 AND delivered_on < $2",
        ("oldest",),
    ),
    "claims-kept": (
        "SELECT FROM claims WHERE person_id = $1 AND status <> 'withdrawn'"
        " AND (status <> 'refused' OR decided_on >= $2)",
        ("oldest",),
    ),
    "claims-over": (
        "DELETE FROM claims WHERE person_id = $1"
        " AND (status = 'withdrawn' OR (status = 'refused' AND decided_on < $2))",
        ("oldest",),
    ),
    "received-claims-kept": (
        "SELECT FROM received_claims WHERE person_id = $1"
        " AND (status <> 'refused' OR decided_on >= $2)",
        ("oldest",),
    ),
    "received-claims-over": (
        "DELETE FROM received_claims WHERE person_id = $1"
        " AND status = 'refused' AND decided_on < $2",
        ("oldest",),
    ),
    "benefits": (
        "SELECT FROM benefit_lines WHERE person_id = $1"
        " UNION ALL SELECT FROM recorded_deaths WHERE person_id = $1",
        (),
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
    moments = {
        "now": tx.now,
        "today": tx.today,
        "oldest": oldest_kept(tx.today),
        "left_in_peace": tx.now - timedelta(days=LONGEST_PEACE_DAYS),
    }
    claims = await claims_of(person_id, tx)
    kinds = []
    for keeping in KEEPING:
        statement, names = STATEMENTS[keeping.kind]
        tag = await tx.execute(statement, person_id, *(moments[name] for name in names))
        kinds.append(kind_view(keeping, int(tag.rpartition(" ")[2])))
    await release_erased(claims, tx)
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
