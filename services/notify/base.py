"""The base of this service's tables: its own registry, so that services share no metadata; and
the base of its commands."""

from sqlalchemy.orm import registry

from shared.tables import PlainRow, add_common_tables


class Row(PlainRow, registry=registry()):
    """Base class of the tables in the notify database."""


add_common_tables(Row.metadata)
