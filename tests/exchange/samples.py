"""Sample commands for the exchange's tests; all people are made up."""

from datetime import date
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


def make_case(**overrides: Any) -> dict[str, Any]:
    """The body of POST /exchange/v1/inquiry-cases: residence 420325 asks about both addresses."""
    asks = {"kind": "address-confirmation", "to_region": "420381"}
    return {
        "reference": "三方〔2026〕1号",
        "name": "王芳",
        "id_number": id_number(),
        "parts": [
            asks | {"party": "home", "question": {"address_region": "420381001"}},
            asks | {"party": "residence", "question": {"address_region": "420381002"}},
        ],
    } | overrides


def make_handover(**overrides: Any) -> dict[str, Any]:
    """The body of POST /exchange/v1/handovers."""
    return {
        "person_id": "0198c0de-0000-7000-8000-000000000001",
        "region": "420325100",
        "to_region": "420381",
        "name": "王芳",
        "id_number": id_number(),
        "reason": "已在贵县落户",
    } | overrides


def make_template(**overrides: Any) -> dict[str, Any]:
    """The body of POST /exchange/v1/inquiry-templates."""
    return {
        "kind": "address-confirmation",
        "part": "question",
        "title": "核实居住地",
        "fields": {
            "address_region": "{their_region}",
            "on": "{today}",
            "address": "以贵县登记为准",
        },
    } | overrides


def make_year(year: int, **overrides: Any) -> dict[str, Any]:
    """The body of PUT /exchange/v1/calendar-years/{year}, a made-up notice: a week off in spring,
    and the Saturday before it worked."""
    off = [date(year, 2, 8 + n) for n in range(7)]
    days = [{"day": day.isoformat(), "working": False, "name": "春节"} for day in off]
    days.append({"day": date(year, 2, 6).isoformat(), "working": True, "name": "调休"})
    return {"source": f"国办发明电〔{year - 1}〕0号(样例)", "days": days} | overrides
