"""The planner expects rows to lie in the jurisdiction: a page is walked to, not sorted for."""

from shared.migrations import expect_insiders

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    expect_insiders()
