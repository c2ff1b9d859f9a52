"""What stands on a card: facts of the register and whom to turn to."""

from uuid import UUID

from services.registry.cards.rules import NOTES, TITLES, CardKind, fitting_cards
from services.registry.dwellings.estates import manager_phone_of
from services.registry.dwellings.models import Dwelling, Estate, Room
from services.registry.errors import CardDoesNotFit, RecordClosed
from services.registry.persons.models import Person, PersonStatus
from services.registry.persons.queries import id_number_of, require_person
from services.registry.persons.rules import shown_id_number
from shared.codes import FAMILY_RELATION_TEXT, NATIONALITIES, SEX_TEXT, FamilyRelation, Sex
from shared.db import Tx
from shared.subjects import require_own
from shared.usage import Purpose

Card = dict[str, object]
Field = tuple[str, str, str]  # label in Chinese and English, value


async def get_card(person_id: UUID, kind: CardKind, tx: Tx) -> Card:
    """What the template prints. Her own card may be printed by herself. Raises PersonNotFound,
    NotFound for another person's, RecordClosed, CardDoesNotFit."""
    await require_own(person_id, tx, "registry:read", "registry:write")
    person = await require_person(person_id, tx)
    if person.status != PersonStatus.ACTIVE:
        raise RecordClosed()
    fits = fitting_cards(person.hukou_region, person.residence_region, person.residence_kind)
    if kind not in fits:
        raise CardDoesNotFit(fits=[each.value for each in fits])
    tx.saw(person.id, "card")
    home = await _home_of(person, tx)
    return {
        "title_zh": TITLES[kind].zh,
        "title_en": TITLES[kind].en,
        "name": person.name,
        "facts": [*_identity(person, tx), *await _places(person, kind, home, tx)],
        "contacts": await _contacts(person, home, tx),
        "notes": [(note.zh, note.en) for note in NOTES[kind]],
        "number": str(person.id)[-12:].upper(),
        "printed_on": tx.today.isoformat(),
    }


def _identity(person: Person, tx: Tx) -> list[Field]:
    number = id_number_of(person, tx)
    shown = shown_id_number(number, tx.purpose or Purpose.OVERSIGHT) if number else "—"
    return [
        ("性别", "Sex", SEX_TEXT[Sex(person.sex)].zh),
        ("民族", "Nationality", NATIONALITIES[person.nationality].zh),
        ("出生日期", "Born", person.birth_date.isoformat()),
        ("公民身份号码", "Id number", shown),
    ]


async def _places(
    person: Person, kind: CardKind, home: tuple[Dwelling, Room] | None, tx: Tx
) -> list[Field]:
    hukou = await _name_of(person.hukou_region, tx)
    lives = await _name_of(person.residence_region or "", tx)
    since = person.residence_since.isoformat() if person.residence_since else "—"
    told: list[Field] = [("户籍地", "Household register", hukou)]
    if kind is CardKind.RESIDENT:
        told.append(("户号 / 与户主关系", "Household", await _household(person, tx)))
    told.append(("现居住地", "Lives in", lives + _door(home)))
    told.append(("居住起始", "Since", since))
    return told


async def _household(person: Person, tx: Tx) -> str:
    number = await tx.fetch_value(
        "SELECT number FROM households WHERE id = $1", person.household_id
    )
    relation = person.household_relation
    words = FAMILY_RELATION_TEXT[FamilyRelation(relation)].zh if relation else "—"
    return f"{number or '—'} / {words}"


async def _name_of(code: str, tx: Tx) -> str:
    """The names of a region and those above it, as an address is written."""
    codes = [code[:length] for length in (2, 4, 6, 9, 12) if length <= len(code)]
    rows = await tx.fetch(
        "SELECT DISTINCT ON (code) code, name FROM regions WHERE code = ANY($1::text[])"
        " ORDER BY code, valid_from DESC NULLS LAST",
        codes,
    )
    return "".join(row["name"] for row in rows) or code or "—"


async def _home_of(person: Person, tx: Tx) -> tuple[Dwelling, Room] | None:
    room = await tx.get(Room, person.room_id) if person.room_id else None
    dwelling = await tx.get(Dwelling, room.dwelling_id) if room else None
    return (dwelling, room) if dwelling and room else None


def _door(home: tuple[Dwelling, Room] | None) -> str:
    if home is None:
        return ""
    dwelling, room = home
    building = "-".join(part for part in (dwelling.number, room.unit, room.number) if part)
    return f" {dwelling.plate_number or dwelling.estate or ''} {building}".replace("  ", " ")


async def _contacts(person: Person, home: tuple[Dwelling, Room] | None, tx: Tx) -> list[Field]:
    """The community she lives in, and the property manager of her estate."""
    community = await tx.fetch_value(
        "SELECT name FROM regions WHERE code = $1 ORDER BY valid_from DESC NULLS LAST LIMIT 1",
        person.residence_region,
    )
    told: list[Field] = [("社区", "Community", community or "—")]
    estate = await tx.get(Estate, home[0].estate_id) if home and home[0].estate_id else None
    if estate and estate.manager_org:
        phone = manager_phone_of(estate, tx)
        told.append(("物业", "Property manager", f"{estate.manager_org} {phone or ''}".strip()))
    return told
