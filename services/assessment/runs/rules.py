"""Which periods have just ended. Pure."""

from datetime import date, timedelta

from services.assessment.periods import Period, PeriodKind, period_on


def ended_before(today: date) -> list[Period]:
    """The month before this one, and the quarter, half-year and year that ended with it."""
    last = today.replace(day=1) - timedelta(days=1)
    periods = (period_on(last, kind) for kind in PeriodKind)
    return [period for period in periods if period.end == last]
