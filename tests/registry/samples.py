"""Sample commands for the registry's tests; all people are made up."""

from typing import Any

from shared.codes import resident_id_check_digit


def id_number(first17: str = "42032519900101122") -> str:
    return first17 + resident_id_check_digit(first17)


def make_person(**overrides: Any) -> dict[str, Any]:
    """The body of POST /registry/v1/persons."""
    return {
        "name": "王芳",
        "sex": "2",
        "birth_date": "1990-01-01",
        "id_number": id_number(),
        "phone": "13900000001",
        "hukou_region": "420325100001",
        "residence": {"region": "420325100001", "kind": "usual", "since": "2020-05-01"},
    } | overrides
