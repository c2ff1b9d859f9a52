"""The planner expects rows to lie in the jurisdiction: a page is walked to, not sorted for."""

from shared.migrations import expect_insiders

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    expect_insiders()
