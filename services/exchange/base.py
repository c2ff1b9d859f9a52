"""The base of this service's tables: its own registry, so that services share no metadata."""

from sqlalchemy.orm import registry

from shared.tables import PlainRow, add_common_tables


class Row(PlainRow, registry=registry()):
    """Base class of the tables in the exchange database."""


add_common_tables(Row.metadata)
