"""Who serves a person (谁来服务): read for a service she wants, or by herself."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from services.registry.grid.duties import duties
from services.registry.grid.queries import staff_view
from services.registry.grid.rules import Serving, homes_share, serving_of
from services.registry.grid.schemas import ContactView, ServiceContactsView
from services.registry.limits.schemas import WordsView
from services.registry.persons.models import Person, ResidenceKind
from services.registry.persons.queries import require_person
from shared.db import Tx
from shared.problems import Text, WrongPurpose
from shared.subjects import require_own
from shared.usage import Purpose

WORDS: Final[dict[Serving, WordsView]] = {
    Serving.UNIT: WordsView(
        zh="单位人由单位服务,社区配合", en="Her work unit serves her, with the community's help"
    ),
    Serving.COMMUNITY: WordsView(zh="社会人由社区服务", en="Her community serves her"),
    Serving.JOINT: WordsView(
        zh="流动人口由居住地、用人单位和户籍地共同服务",
        en="Where she lives, where she works and her home county serve her together",
    ),
}
# The narrower assignment first, as the coverage counts it.
_POST = """
SELECT p.id, p.number, s.staff_id FROM post_areas AS a
JOIN grid_posts AS p ON p.id = a.post_id
LEFT JOIN staffings AS s ON s.post_id = p.id AND s.role = 'lead' AND s.until IS NULL
LEFT JOIN rooms AS r ON r.id = $2 LEFT JOIN dwellings AS d ON d.id = r.dwelling_id
LEFT JOIN estates AS e ON e.id = d.estate_id
WHERE a.until IS NULL AND a.region = coalesce(d.region, $3)
  AND (a.household_id = $1 OR a.dwelling_id = d.id OR a.estate = coalesce(e.name, d.estate))
ORDER BY a.household_id IS NULL, a.dwelling_id IS NULL LIMIT 1
"""
_UNITS = """
SELECT DISTINCT u.id, u.name, u.region, s.staff_id FROM workplaces AS w
JOIN work_units AS u ON u.closed_on IS NULL AND (u.id = w.work_unit_id
  OR (w.work_unit_id IS NULL AND u.credit_code = w.employer_code))
LEFT JOIN staffings AS s ON s.work_unit_id = u.id AND s.role = 'lead' AND s.until IS NULL
WHERE w.person_id = $1 AND w.since <= $2 AND (w.until IS NULL OR w.until > $2) ORDER BY u.id
"""


async def get_service_contacts(person_id: UUID, tx: Tx) -> ServiceContactsView:
    """Raises NotFound, and WrongPurpose for any purpose but a service or her own look."""
    if tx.purpose not in (Purpose.SERVICE, Purpose.SUBJECT_ACCESS):
        raise WrongPurpose(
            Text("仅为提供服务或本人查阅", "For delivering a service, or the person's own look")
        )
    await require_own(person_id, tx, "registry:read", "registry:write")
    person = await require_person(person_id, tx)
    tx.saw(person.id, "service-contacts")
    units = await _units(person, tx)
    migrant = person.residence_kind == ResidenceKind.MIGRANT
    serving = serving_of(migrant=migrant, works_at_unit=bool(units))
    contacts = [*units, await _community(person, tx)]
    if migrant or homes_share(person.hukou_region, person.residence_region):
        contacts.append(ContactView(who="home", region=person.hukou_region, duties=duties().home))
    return ServiceContactsView(
        person_id=person.id, serving=serving, words=WORDS[serving], contacts=contacts
    )


async def _units(person: Person, tx: Tx) -> Sequence[ContactView]:
    return [
        ContactView(
            who="unit",
            region=row["region"],
            work_unit_id=row["id"],
            work_unit_name=row["name"],
            staff=await staff_view(row["staff_id"], tx) if row["staff_id"] else None,
            duties=duties().unit,
        )
        for row in await tx.fetch(_UNITS, person.id, tx.today)
    ]


async def _community(person: Person, tx: Tx) -> ContactView:
    region = person.residence_region or person.hukou_region
    post = await tx.fetch_row(_POST, person.household_id, person.room_id, region)
    return ContactView(
        who="community",
        region=region,
        post_id=post["id"] if post else None,
        post_number=post["number"] if post else None,
        staff=await staff_view(post["staff_id"], tx) if post and post["staff_id"] else None,
        duties=duties().residence,
    )
