"""All tables of the migrant database, for the migrations."""

from services.migrant.arrivals import models as arrivals
from services.migrant.base import Row
from services.migrant.certificates import models as certificates
from services.migrant.consents import models as consents
from services.migrant.employments import models as employments
from services.migrant.help import models as help_requests
from services.migrant.people import models as people
from services.migrant.rights import models as rights
from services.migrant.services import models as services

metadata = Row.metadata
__all__ = [
    "arrivals",
    "certificates",
    "consents",
    "employments",
    "help_requests",
    "metadata",
    "people",
    "rights",
    "services",
]
