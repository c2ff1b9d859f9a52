"""Sample commands for the registry's tests; all people are made up."""

from typing import Any

from shared.codes import resident_id_check_digit

# A county of two townships with their villages, a neighbour and a county far away without.
REGIONS = [
    ("42", "湖北省"),
    ("4203", "十堰市"),
    ("420325", "房县"),
    ("420325100", "城关镇"),
    ("420325100001", "东街社区居委会"),
    ("420325100002", "西街社区居委会"),
    ("420325100200", "北关村委会"),
    ("420325101", "军店镇"),
    ("420325101001", "军店社区居委会"),
    ("420381", "丹江口市"),
    ("33", "浙江省"),
    ("3301", "杭州市"),
    ("330106", "西湖区"),
]


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
