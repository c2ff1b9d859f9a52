"""What a node may change by itself, and what its level and roles let it say and hear."""

from typing import Any

import pytest

from services.exchange.errors import AdmissionNeeded
from services.exchange.inbound import door
from services.exchange.inquiries.catalogue import kinds
from services.exchange.inquiries.rules import CASE, OPENED
from services.exchange.participants.levels import Level
from services.exchange.participants.permissions import may_be_sent, may_send, permissions
from services.exchange.participants.rules import check_renewal, says_the_same
from services.exchange.participants.schemas import Record
from shared.signing import SigningKey, key_set
from tests.exchange.test_participants import make_record


def record(**overrides: Any) -> Record:
    return Record.model_validate(make_record(**overrides))


@pytest.mark.parametrize(
    "change",
    [
        {"name": "丹江口"},
        {"address": "https://elsewhere.test"},
        {"jwks": key_set(SigningKey.generate().public_jwk())},
        {"certificate_pem": None, "name": "x"},
    ],
)
def test_what_a_node_changes_by_itself(change: dict[str, Any]) -> None:
    asked = record(version=2, **change)
    assert not says_the_same(asked, record())
    check_renewal(asked, record())


@pytest.mark.parametrize(
    "change",
    [
        {"id": "county-420399"},
        {"level": "city"},
        {"region_prefixes": ["420381", "420382"]},
        {"region_prefixes": ["420382"]},
        {"roles": ["education"]},
        {"revoked_at": "2026-11-01T00:00:00Z"},
    ],
)
def test_what_a_person_at_the_city_decides(change: dict[str, Any]) -> None:
    with pytest.raises(AdmissionNeeded):
        check_renewal(record(version=2, **change), record())


def test_who_left_does_not_come_back_by_itself() -> None:
    with pytest.raises(AdmissionNeeded):
        check_renewal(record(version=3), record(version=2, revoked_at="2026-11-01T00:00:00Z"))


def test_a_version_alone_says_nothing_new() -> None:
    assert says_the_same(record(version=2, admitted_at="2026-12-01T00:00:00Z"), record())


SCHOOL, WAGE, JOB = "school-place", "unpaid-wage", "employment-confirmation"
ANSWERED = "yipan.inquiry.answered.v1"
ARRIVAL = "yipan.notice.arrival.v1"


@pytest.mark.parametrize(
    ("level", "roles", "kind", "asked", "sends", "is_sent"),
    [
        ("county", [], ARRIVAL, None, True, True),
        ("county", [], OPENED, SCHOOL, True, True),
        ("city", [], CASE, SCHOOL, True, True),
        ("department", [], ARRIVAL, None, False, False),
        ("department", [], OPENED, SCHOOL, False, False),
        ("department", ["education"], OPENED, SCHOOL, True, True),
        ("department", ["education"], OPENED, WAGE, False, False),
        ("department", ["education"], OPENED, None, False, False),
        ("department", ["education", "human-resources"], OPENED, WAGE, True, True),
        ("department", ["education"], ARRIVAL, None, False, False),
        ("department", ["health"], "yipan.notice.birth-registered.v1", None, True, False),
        ("department", ["health"], "yipan.notice.feedback.v1", None, False, True),
        ("department", ["made-up"], OPENED, SCHOOL, False, False),
        ("department", [], "yipan.figures.department.v1", None, True, True),
        ("employer", [], OPENED, JOB, False, True),
        ("employer", [], OPENED, SCHOOL, False, False),
        ("employer", ["education"], OPENED, SCHOOL, False, False),
        ("employer", [], ANSWERED, None, True, False),
        ("employer", [], "yipan.inquiry.disputed.v1", None, False, False),
        ("employer", [], ARRIVAL, None, False, False),
        ("employer", [], CASE, JOB, False, False),
        ("province", [], ARRIVAL, None, False, False),
    ],
)
def test_levels_and_roles_bound_what_is_said_and_heard(
    level: str, roles: list[str], kind: str, asked: str | None, sends: bool, is_sent: bool
) -> None:
    assert may_send(level, roles, kind, asked) is sends
    assert may_be_sent(level, roles, kind, asked) is is_sent


def test_the_table_names_only_what_exists() -> None:
    """A record type or a kind of inquiry that was renamed would silently be allowed to nobody."""
    for each in permissions():
        assert each.basis.zh and each.basis.en
        for pattern in (*each.sends, *each.is_sent):
            begins = pattern.removesuffix("*")
            found = [kind for kind in door.facts if kind.startswith(begins)]
            assert found and (pattern.endswith("*") or pattern in door.facts), pattern
        for code in (*each.asks, *each.is_asked):
            assert code == "*" or code in kinds(), code


def test_an_employer_opens_nothing_and_hears_no_notice() -> None:
    for kind in door.facts:
        if kind.startswith("yipan.notice.") or kind in (OPENED, CASE):
            assert not may_send(Level.EMPLOYER, [], kind, JOB), kind
        if kind.startswith("yipan.notice."):
            assert not may_be_sent(Level.EMPLOYER, [], kind, JOB), kind
