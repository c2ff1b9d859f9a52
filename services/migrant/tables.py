"""All tables of the migrant database, for the migrations."""

from services.migrant.accounts import models as accounts
from services.migrant.appointments import models as appointments
from services.migrant.arrivals import models as arrivals
from services.migrant.base import Row
from services.migrant.benefits import models as benefits
from services.migrant.certificates import models as certificates
from services.migrant.certificates import request_models as certificate_requests
from services.migrant.claims import models as claims
from services.migrant.claims import received_models as received_claims
from services.migrant.consents import models as consents
from services.migrant.contact_choices import models as contact_choices
from services.migrant.conveners import models as conveners
from services.migrant.employments import models as employments
from services.migrant.entitlements import models as entitlements
from services.migrant.filings import models as filings
from services.migrant.help import models as help_requests
from services.migrant.limits import models as limits
from services.migrant.parity import models as parity
from services.migrant.people import models as people
from services.migrant.places import models as places
from services.migrant.referrals import models as referrals
from services.migrant.regions import models as regions
from services.migrant.rights import models as rights
from services.migrant.self_registrations import models as self_registrations
from services.migrant.selfgovernance import models as selfgovernance
from services.migrant.services import models as services
from services.migrant.supplies import models as supplies

metadata = Row.metadata
__all__ = [
    "accounts",
    "appointments",
    "arrivals",
    "benefits",
    "certificate_requests",
    "certificates",
    "claims",
    "consents",
    "contact_choices",
    "conveners",
    "employments",
    "entitlements",
    "filings",
    "help_requests",
    "limits",
    "metadata",
    "parity",
    "people",
    "places",
    "received_claims",
    "referrals",
    "regions",
    "rights",
    "self_registrations",
    "selfgovernance",
    "services",
    "supplies",
]
