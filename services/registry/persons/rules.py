"""Decisions about persons, without any I/O."""

from datetime import date

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
