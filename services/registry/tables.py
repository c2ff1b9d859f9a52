"""All tables of the registry database, for the migrations."""

from services.registry.base import Row
from services.registry.changes import models as changes
from services.registry.duplicates import models as duplicates
from services.registry.dwellings import models as dwellings
from services.registry.households import models as households
from services.registry.imports import models as imports
from services.registry.persons import models as persons
from services.registry.regions import models as regions
from services.registry.rights import models as rights
from services.registry.tasks import models as tasks
from services.registry.vital import models as vital

metadata = Row.metadata
__all__ = [
    "changes",
    "duplicates",
    "dwellings",
    "households",
    "imports",
    "metadata",
    "persons",
    "regions",
    "rights",
    "tasks",
    "vital",
]
