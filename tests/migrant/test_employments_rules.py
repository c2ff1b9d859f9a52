"""Which job a leaving is about, and when a job can end."""

from datetime import date

import pytest

from services.migrant.employments.rules import Job, check_end, check_filer, check_order, which_ends
from services.migrant.errors import (
    AlreadyLeft,
    EndBeforeStart,
    EndedOnAnotherDay,
    NoSuchHire,
    NotYourFiling,
)

MARCH, MAY, JULY = date(2025, 3, 1), date(2025, 5, 31), date(2025, 7, 31)


def test_whose_filing() -> None:
    check_filer("a", "a", office=False)
    check_filer("a", "b", office=True)
    with pytest.raises(NotYourFiling):
        check_filer("a", "b", office=False)


def test_a_job_ends_on_its_first_day_at_the_earliest() -> None:
    check_order(MARCH, None)
    check_order(MARCH, MARCH)
    with pytest.raises(EndBeforeStart):
        check_order(MAY, MARCH)


def test_a_job_ends_once() -> None:
    check_end(Job(MARCH, None), MAY)
    with pytest.raises(AlreadyLeft):
        check_end(Job(MARCH, MAY), MAY)
    with pytest.raises(EndedOnAnotherDay):
        check_end(Job(MARCH, MAY), JULY)


def test_the_latest_job_that_goes_on_is_the_one_that_ends() -> None:
    first, second = Job(MARCH, None), Job(MAY, None)
    assert which_ends([first, second], JULY) == 1
    assert which_ends([second, first], JULY) == 0
    assert which_ends([first, second], date(2025, 4, 1)) == 0  # the second had not begun
    assert which_ends([Job(MARCH, MAY), Job(JULY, None)], date(2025, 8, 1)) == 1


def test_said_again_it_ends_no_other_job() -> None:
    with pytest.raises(AlreadyLeft):
        which_ends([Job(MARCH, MAY), Job(MAY, None)], MAY)


def test_what_cannot_end() -> None:
    with pytest.raises(NoSuchHire):
        which_ends([], MAY)
    with pytest.raises(EndBeforeStart):
        which_ends([Job(MAY, None)], MARCH)
    with pytest.raises(EndedOnAnotherDay):
        which_ends([Job(MARCH, MAY)], JULY)
