"""All tables of the registry database, for the migrations."""

from services.registry.agreements import models as agreements
from services.registry.base import Row
from services.registry.blind_zones import models as blind_zones
from services.registry.changes import models as changes
from services.registry.duplicates import models as duplicates
from services.registry.dwellings import models as dwellings
from services.registry.exports import models as exports
from services.registry.feeds import models as feeds
from services.registry.field import models as field
from services.registry.filings import models as filings
from services.registry.grid import models as grid
from services.registry.households import models as households
from services.registry.imports import models as imports
from services.registry.leases import models as leases
from services.registry.limits import models as limits
from services.registry.persons import models as persons
from services.registry.region_changes import models as region_changes
from services.registry.regions import models as regions
from services.registry.rights import models as rights
from services.registry.tasks import models as tasks
from services.registry.vital import models as vital
from services.registry.work_units import models as work_units

metadata = Row.metadata
__all__ = [
    "agreements",
    "blind_zones",
    "changes",
    "duplicates",
    "dwellings",
    "exports",
    "feeds",
    "field",
    "filings",
    "grid",
    "households",
    "imports",
    "leases",
    "limits",
    "metadata",
    "persons",
    "region_changes",
    "regions",
    "rights",
    "tasks",
    "vital",
    "work_units",
]
