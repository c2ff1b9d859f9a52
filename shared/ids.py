"""Identifiers: UUIDv7 (RFC 9562), so that keys made later sort later."""

from uuid import UUID

from uuid_utils.compat import uuid7


def new_id() -> UUID:
    """A fresh UUIDv7. The time in it is public: never derive one from a person's data."""
    return uuid7()
