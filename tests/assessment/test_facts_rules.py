"""What events say as counted facts."""

from datetime import date, datetime

import pytest

from services.assessment.errors import UnknownArea
from services.assessment.facts import exchange_facts, migrant_facts, registry_facts
from services.assessment.facts.kinds import KINDS, Kind
from shared.clock import CHINA
from shared.events.base import CATALOGUE
from shared.events.exchange import InquiryAnswered, NoticeConfirmed, NoticeReceived, NoticeSent
from shared.events.migrant import (
    CertificateRequestDecided,
    CertificateRequestOverdue,
    HelpSettled,
    MigrantArrived,
)
from shared.events.registry import RosterImported
from shared.events.registry_vital import BirthRegistered
from shared.ids import new_id
from tests.assessment.samples import HOME, NOON, PEER, TOWNSHIP


def birth(days: int = 12, registered_at: datetime = NOON) -> BirthRegistered:
    return BirthRegistered(
        birth_id=new_id(),
        child_id=new_id(),
        mother_id=new_id(),
        region=TOWNSHIP,
        born_on=date(2026, 9, 30),
        registered_at=registered_at,
        days=days,
    )


@pytest.mark.parametrize(
    ("days", "outcome"), [(0, "within_30_days"), (30, "within_30_days"), (31, "later")]
)
def test_a_birth_is_timely_within_thirty_days(days: int, outcome: str) -> None:
    (fact,) = registry_facts.birth_registered(birth(days), HOME, NOON)
    assert (fact.kind, fact.outcome, fact.measure) == (Kind.BIRTH_REGISTERED, outcome, days)


def test_a_fact_belongs_to_its_day_in_china() -> None:
    late_evening = datetime(2026, 11, 1, 0, 30, tzinfo=CHINA)
    (fact,) = registry_facts.birth_registered(birth(registered_at=late_evening), HOME, NOON)
    assert fact.day == date(2026, 11, 1)


def test_no_person_is_taken_over() -> None:
    event = birth()
    arrival = MigrantArrived(
        arrival_id=new_id(),
        person_id=new_id(),
        region=TOWNSHIP,
        origin_region=PEER,
        arrived_on=NOON.date(),
        stay_purpose="work",
        name="王芳",
        id_number="42032519900101122X",
    )
    said = repr(
        registry_facts.birth_registered(event, HOME, NOON)
        + migrant_facts.migrant_arrived(arrival, HOME, NOON)
    )
    for secret in (
        event.child_id,
        event.mother_id,
        arrival.person_id,
        arrival.name,
        arrival.id_number,
    ):
        assert str(secret) not in said


def test_both_sides_of_a_notice_are_judged() -> None:
    """Two-way: that we sent it is our work, that feedback is given is theirs."""
    notice_id = new_id()
    sent = NoticeSent(
        notice_id=notice_id, kind="arrival", to_node=f"county-{PEER}", to_region=PEER, sent_at=NOON
    )
    confirmed = NoticeConfirmed(
        notice_id=notice_id,
        kind="arrival",
        to_node=f"county-{PEER}",
        to_region=PEER,
        agrees=False,
        confirmed_at=NOON,
    )
    facts = exchange_facts.notice_sent(sent, HOME, NOON) + exchange_facts.notice_confirmed(
        confirmed, HOME, NOON
    )
    assert [(fact.kind, fact.outcome, fact.area) for fact in facts] == [
        (Kind.NOTICE_SENT, "arrival", HOME),
        (Kind.NOTICE_OWED, "arrival", PEER),
        (Kind.NOTICE_CONFIRMED, "arrival", HOME),
        (Kind.NOTICE_FEEDBACK, "differs", PEER),
    ]


def test_how_many_certificates_are_checked_touches_no_score() -> None:
    sent = NoticeSent(
        notice_id=new_id(),
        kind="certificate-checked",
        to_node=f"county-{PEER}",
        to_region=PEER,
        sent_at=NOON,
    )
    assert exchange_facts.notice_sent(sent, HOME, NOON) == []
    received = notice_from(f"county-{PEER}", "certificate-checked")
    assert exchange_facts.notice_received(received, HOME, NOON) == []


@pytest.mark.parametrize(
    ("in_time", "complete", "outcome"),
    [(True, True, "in_time"), (False, True, "late"), (True, False, "partial")],
)
def test_an_answer_is_judged_where_it_was_asked(
    in_time: bool, complete: bool, outcome: str
) -> None:
    event = InquiryAnswered(
        inquiry_id=new_id(),
        direction="out",
        kind="address",
        from_node=f"county-{HOME}",
        to_node=f"county-{PEER}",
        asked_region=PEER,
        in_time=in_time,
        complete=complete,
        answered_at=NOON,
    )
    (fact,) = exchange_facts.inquiry_answered(event, HOME, NOON)
    assert (fact.area, fact.outcome) == (PEER, outcome)


def test_an_import_counts_its_lines() -> None:
    event = RosterImported(import_id=new_id(), kind="x", region=HOME, accepted=98, rejected=0)
    assert [(f.outcome, f.count) for f in registry_facts.roster_imported(event, HOME, NOON)] == [
        ("accepted", 98)
    ]


@pytest.mark.parametrize(("satisfied", "kinds"), [(None, 1), (True, 2), (False, 2)])
def test_an_opinion_is_voluntary(satisfied: bool | None, kinds: int) -> None:
    event = HelpSettled(
        request_id=new_id(),
        region=HOME,
        department="wages",
        category="pay",
        in_time=True,
        satisfied=satisfied,
    )
    assert len(migrant_facts.help_settled(event, HOME, NOON)) == kinds


def notice_from(node: str, kind: str) -> NoticeReceived:
    return NoticeReceived(
        notice_id=new_id(), kind=kind, from_node=node, region=PEER, happened_on=date(2026, 10, 2)
    )


def test_a_peers_notice_is_counted_under_its_area_with_its_delay() -> None:
    (fact,) = exchange_facts.notice_received(notice_from(f"county-{PEER}", "birth"), HOME, NOON)
    assert (fact.area, fact.outcome, fact.measure) == (PEER, "birth", 10)


def test_free_text_of_a_peer_does_not_get_in() -> None:
    (fact,) = exchange_facts.notice_received(
        notice_from("dept-police", "王芳 13900000001"), HOME, NOON
    )
    assert (fact.area, fact.outcome, fact.office) == (HOME, "other", "dept-police")


def test_a_place_that_is_none_is_refused() -> None:
    event = RosterImported(import_id=new_id(), kind="x", region="nowhere", accepted=1, rejected=0)
    with pytest.raises(UnknownArea):
        registry_facts.roster_imported(event, HOME, NOON)


def test_every_kind_comes_from_declared_events() -> None:
    assert set(KINDS) == set(Kind)
    for spec in KINDS.values():
        assert set(spec.events) <= set(CATALOGUE)


@pytest.mark.parametrize(("timely", "outcomes"), [(True, ["in_time"]), (False, [])])
def test_a_request_for_a_certificate_is_counted_once(timely: bool, outcomes: list[str]) -> None:
    """In time when it is decided, late when its day has passed: M13, the agency's own duty."""
    due = date(2026, 11, 20)
    decided = CertificateRequestDecided(
        request_id=new_id(),
        region=TOWNSHIP,
        office="desk-1",
        ready=False,
        in_time=timely,
        due_on=due,
    )
    facts = migrant_facts.certificate_request_decided(decided, HOME, NOON)
    assert [fact.outcome for fact in facts] == outcomes
    overdue = CertificateRequestOverdue(
        request_id=decided.request_id, region=TOWNSHIP, office="desk-1", due_on=due
    )
    (late,) = migrant_facts.certificate_request_overdue(overdue, HOME, NOON)
    assert (late.kind, late.outcome, late.office) == (Kind.CERTIFICATE_REQUEST, "late", "desk-1")
