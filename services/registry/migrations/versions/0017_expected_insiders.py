"""The planner expects rows to lie in the jurisdiction: a page is walked to, not sorted for."""

from shared.migrations import expect_insiders

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    expect_insiders()
