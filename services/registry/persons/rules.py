"""Decisions about persons, without any I/O."""

from datetime import date

from shared.actors import Actor
from shared.codes import parse_resident_id
from shared.crypto import mask
from shared.usage import Purpose

# Which purposes need the whole id number; everyone else sees its ends (PIPL art. 6).
_FULL_ID_NUMBER = {
    Purpose.REGISTRATION,
    Purpose.CERTIFICATE,
    Purpose.CORRECTION,
    Purpose.SUBJECT_ACCESS,
}
_FULL_PHONE = {Purpose.REGISTRATION, Purpose.SERVICE, Purpose.SUBJECT_ACCESS}


def agrees_with_id_number(id_number: str, sex: str, birth_date: date) -> bool:
    """Whether what was written beside an id number is what the number itself says (GB 11643)."""
    parsed = parse_resident_id(id_number)
    return parsed.sex == sex and parsed.birth_date == birth_date


def shown_id_number(id_number: str, purpose: Purpose) -> str:
    return id_number if purpose in _FULL_ID_NUMBER else mask(id_number, 6, 2)


def shown_phone(phone: str, purpose: Purpose) -> str:
    return phone if purpose in _FULL_PHONE else mask(phone, 3, 2)


def is_separated(hukou_region: str, residence_region: str | None) -> bool:
    """人户分离: the household register and the home are in different townships."""
    return residence_region is not None and hukou_region[:9] != residence_region[:9]


def kind_of_residence(hukou_region: str, region: str) -> str:
    """Living outside the county of the household register is migrant (流动), inside it usual
    (常住), also where 人户分离 (2009 regulation, art. 2)."""
    return "usual" if hukou_region[:6] == region[:6] else "migrant"


def region_left(
    actor: Actor, hukou_region: str, residence_region: str | None, *left: str | None
) -> str | None:
    """Under which region the actor's office keeps the record of somebody who is gone from it: the
    first of the places she left that it covers, or None while household register or home still
    lie in the actor's region."""
    here = _first_covered(actor, hukou_region, residence_region)
    return None if here else _first_covered(actor, *left)


def _first_covered(actor: Actor, *places: str | None) -> str | None:
    return next((each for each in places if each is not None and actor.covers(each)), None)
