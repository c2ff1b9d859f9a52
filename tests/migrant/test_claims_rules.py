"""Who pays what and which step follows which, without a database."""

from datetime import date, timedelta

import pytest

from services.migrant.claims.rules import (
    FROM,
    SHIPPED,
    ClaimRule,
    ClaimStatus,
    PaperKind,
    Payer,
    Step,
    due_on,
    may,
    media_type_of,
    missing_papers,
    most_granted,
    rule_on,
)
from services.migrant.types import union_pay

TODAY = date(2026, 6, 1)
RULE = SHIPPED[0]

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
JPEG = b"\xff\xd8\xff\xe0" + b"x" * 100 + b"\xff\xd9"
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + b"x" * 100 + b"\0\0\0\0IEND\xaeB`\x82"


def test_shipped_rules_name_their_source_and_every_payer() -> None:
    assert {each.payer for each in SHIPPED} == set(Payer)
    for each in SHIPPED:
        assert len(each.source) > 10
        assert each.papers


def test_no_rule_has_a_place_for_a_certificate_or_children() -> None:
    assert set(ClaimRule.model_fields) == {
        "code", "since", "zh", "en", "payer", "most_fen", "papers",
        "check_days", "send_days", "decide_days", "pay_days", "source",
    }  # fmt: skip
    assert set(PaperKind) == {"receipt", "record", "other"}


def test_of_several_rules_the_one_of_the_day_of_service_holds() -> None:
    later = RULE.model_copy(update={"since": date(2026, 3, 1), "most_fen": 500})
    rules = [later, RULE]
    assert rule_on(rules, RULE.code, date(2026, 2, 28)) == RULE
    assert rule_on(rules, RULE.code, date(2026, 3, 1)) == later
    assert rule_on(rules, RULE.code, RULE.since - timedelta(days=1)) is None
    assert rule_on(rules, "no-such-rule", TODAY) is None


def test_every_state_but_the_first_is_reached_and_final_ones_go_nowhere() -> None:
    assert {status for status in ClaimStatus if not any(may(step, status) for step in Step)} == {
        ClaimStatus.CONFIRMED,
        ClaimStatus.WITHDRAWN,
    }
    assert set(FROM) == set(Step)
    assert not may(Step.PAY, ClaimStatus.REFUSED)
    assert may(Step.DECIDE, ClaimStatus.OBJECTED)


def test_only_others_steps_have_a_deadline() -> None:
    timed = {status for status in ClaimStatus if due_on(status, TODAY, RULE)}
    assert timed == {
        ClaimStatus.FILED,
        ClaimStatus.CHECKED,
        ClaimStatus.SENT,
        ClaimStatus.OBJECTED,
        ClaimStatus.ACCEPTED,
    }
    assert due_on(ClaimStatus.FILED, TODAY, RULE) == TODAY + timedelta(days=RULE.check_days)


def test_missing_papers_are_told_all_at_once() -> None:
    rule = RULE.model_copy(update={"papers": [PaperKind.RECEIPT, PaperKind.RECORD]})
    assert missing_papers(rule, []) == [PaperKind.RECEIPT, PaperKind.RECORD]
    assert missing_papers(rule, ["record", "other"]) == [PaperKind.RECEIPT]
    assert missing_papers(rule, ["record", "receipt"]) == []


def test_a_limit_caps_what_is_granted() -> None:
    assert most_granted(RULE, 900) == 900
    assert most_granted(RULE.model_copy(update={"most_fen": 500}), 900) == 500
    assert most_granted(RULE.model_copy(update={"most_fen": 5000}), 900) == 900


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (PDF, "application/pdf"),
        (JPEG, "image/jpeg"),
        (JPEG + b"SEFT phone's own data", "image/jpeg"),
        (PNG, "image/png"),
        (PDF[:-7], None),
        (JPEG[:-2], None),
        (PNG[:-4], None),
        (b"", None),
        (b"GIF89a", None),
        (b"MZ" + PDF, None),
        (b"<svg onload='x'/>", None),
    ],
)
def test_files_are_known_by_their_content(content: bytes, media_type: str | None) -> None:
    assert media_type_of(content) == media_type


@pytest.mark.parametrize("card", ["6222020000000000000", "6222 0200 0000 0000 000"])
def test_a_card_that_checks(card: str) -> None:
    assert union_pay(card) == "6222020000000000000"


@pytest.mark.parametrize(
    "card",
    ["6222020000000000001", "4111111111111111", "622202", "62220200000000000000", "六二二二", ""],
)
def test_a_card_that_does_not(card: str) -> None:
    with pytest.raises(ValueError, match="card number"):
        union_pay(card)
