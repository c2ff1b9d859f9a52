"""Sample commands for the exchange's tests; all people are made up."""

from typing import Any

from shared.clock import today
from shared.codes import resident_id_check_digit


def id_number(first17: str = "42038119900101122") -> str:
    return first17 + resident_id_check_digit(first17)


def make_notice(**overrides: Any) -> dict[str, Any]:
    """The body of POST /exchange/v1/notices."""
    return {
        "kind": "arrival",
        "to_region": "420381",
        "region": "420325100",
        "happened_on": today().isoformat(),
        "name": "王芳",
        "id_number": id_number(),
        "stay_purpose": "work",
    } | overrides


def make_inquiry(**overrides: Any) -> dict[str, Any]:
    """The body of POST /exchange/v1/inquiries."""
    return {
        "kind": "address-confirmation",
        "to_region": "420381",
        "subject": {"name": "王芳", "id_number": id_number()},
        "question": {"address_region": "420381001", "on": "2026-05-01"},
    } | overrides
