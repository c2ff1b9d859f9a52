"""What follows the map, beside people: every table that names the region something is in now.

A new table joins `ROWS`; nothing else has to be done for it.
"""

from typing import NamedTuple


class Recoded(NamedTuple):
    """A column that names a region and follows the map: it says where something is now, or who
    works on it. Dated facts (births, deaths) keep the code of their day. `dwelling` is an
    expression over a row `t` for the dwelling that tells where it goes when its area is split;
    `label` a column that tells rows of one area apart; `alike` says over a row `t` and another `o`
    of the new area that there can be only one of them there."""

    table: str
    column: str = "region"
    dwelling: str = "NULL::uuid"
    where: str = "true"
    versioned: bool = False
    label: str | None = None
    alike: str | None = None

    @property
    def place(self) -> str:
        return f"{self.table}.{self.column}"


_OF_PERSON = (
    "(SELECT rooms.dwelling_id FROM persons JOIN rooms ON rooms.id = persons.room_id"
    " WHERE persons.id = t.person_id)"
)
_OF_HEAD = (
    "(SELECT rooms.dwelling_id FROM persons JOIN rooms ON rooms.id = persons.room_id"
    " WHERE persons.household_id = t.id AND persons.household_relation = '0'"
    " AND persons.status = 'active' LIMIT 1)"
)
_OF_ESTATE = "(SELECT id FROM dwellings WHERE estate_id = t.id ORDER BY id LIMIT 1)"
# Every other table that follows the map; people are below. A new table joins here.
ROWS = (
    Recoded("dwellings", dwelling="t.id", versioned=True, label="number"),
    Recoded("estates", dwelling=_OF_ESTATE, versioned=True, label="name"),
    Recoded("households", dwelling=_OF_HEAD, versioned=True),
    Recoded("tasks", dwelling=_OF_PERSON),
    Recoded("work_units", versioned=True),
    Recoded("staff"),
    Recoded(
        "grid_posts",
        where="t.until IS NULL",
        versioned=True,
        label="number",
        alike="t.level = 'community' AND o.level = 'community' AND o.until IS NULL",
    ),
    Recoded(
        "post_areas",
        dwelling="t.dwelling_id",
        where="t.until IS NULL",
        alike="o.estate = t.estate AND o.until IS NULL",
    ),
    Recoded("staffings", where="t.until IS NULL"),
    Recoded("agreements", where="t.ended_on IS NULL", versioned=True),
    *(
        Recoded(table, where="t.status = 'reported'", versioned=True)
        for table in ("birth_reports", "death_reports", "marriage_reports")
    ),
    Recoded("blind_zones", versioned=True),
    Recoded("blind_zones", "other_region", versioned=True),
    Recoded("blind_zones", "caretaker", versioned=True),
    Recoded("blind_zones", "to_region", versioned=True),
    Recoded("zone_duties", "office", where="t.until IS NULL"),
)
