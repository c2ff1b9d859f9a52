"""Which office gets a request (分流): the county's own lines first, then the shipped catalogue."""

from collections.abc import Sequence

from services.migrant.help.catalogue import catalogue
from services.migrant.help.models import HelpRoute
from services.migrant.help.rules import HelpCategory, Route, chosen_route, office_of
from services.migrant.help.schemas import RouteView, SetRoute
from shared.db import Tx
from shared.ids import new_id
from shared.problems import OutsideJurisdiction

_ACTIVE = """
SELECT area AS region, category, employer_known, department, office FROM help_routes
WHERE active AND starts_with($1, area)
"""
_SET = """
INSERT INTO help_routes AS r
  (id, area, category, employer_known, department, office, source, active, changed_at, changed_by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
ON CONFLICT (area, category, employer_known, department) DO UPDATE
SET office = excluded.office, source = excluded.source, active = excluded.active,
    changed_at = excluded.changed_at, changed_by = excluded.changed_by
RETURNING *
"""


async def routes_for(region: str, tx: Tx) -> list[Route]:
    """The county's lines that can matter to a place."""
    return [Route(**row) for row in await tx.fetch(_ACTIVE, region)]


async def routed(
    category: HelpCategory, region: str, employer_known: bool, tx: Tx
) -> tuple[str, str]:
    """The department and the office that a new request goes to."""
    routes = await routes_for(region, tx)
    own = chosen_route(routes, region, category, employer_known=employer_known)
    if own is not None:
        return own.department, own.office
    line = catalogue().by_code[category]
    department = (line.employer_known if employer_known else None) or line.department
    return department, office_of(routes, region, department)


async def office_for(department: str, region: str, tx: Tx) -> str:
    """The office of a department for a place."""
    return office_of(await routes_for(region, tx), region, department)


async def is_department(code: str, tx: Tx) -> bool:
    """Whether the catalogue or the county knows this department."""
    known = "SELECT 1 FROM help_routes WHERE active AND department = $1 LIMIT 1"
    return code in catalogue().department_codes or bool(await tx.fetch_value(known, code))


async def set_route(command: SetRoute, tx: Tx) -> RouteView:
    """Enter a line, change its office, or take it back. Raises OutsideJurisdiction."""
    if not tx.actor.covers(command.region):
        raise OutsideJurisdiction()
    (route,) = await tx.find(
        HelpRoute,
        _SET,
        new_id(),
        command.region,
        command.category,
        command.employer_known,
        command.department,
        command.office,
        command.source,
        command.active,
        tx.now,
        tx.actor.sub,
    )
    return _view(route)


async def list_routes(tx: Tx) -> Sequence[RouteView]:
    """Every line of the actor's region, those taken back too."""
    routes = await tx.find(
        HelpRoute,
        "SELECT * FROM help_routes WHERE starts_with(area, $1) ORDER BY id",
        tx.actor.region,
    )
    return [_view(each) for each in routes]


def _view(route: HelpRoute) -> RouteView:
    return RouteView.model_validate(route.model_dump() | {"region": route.area})
