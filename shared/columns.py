"""Column types that SQLModel lacks."""

from sqlalchemy import DateTime


class Timestamp(DateTime):
    """A moment in UTC: `timestamptz`. Use as `Field(sa_type=Timestamp)`."""

    cache_ok = True

    def __init__(self) -> None:
        super().__init__(timezone=True)
