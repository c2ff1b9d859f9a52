"""All tables of the exchange database, for the migrations."""

from services.exchange.agreements import models as agreements
from services.exchange.attachments import models as attachments
from services.exchange.base import Row
from services.exchange.claims import models as claims
from services.exchange.dci import models as dci
from services.exchange.evidence import models as evidence
from services.exchange.figures import models as figures
from services.exchange.filings import models as filings
from services.exchange.handovers import models as handovers
from services.exchange.inquiries import models as inquiries
from services.exchange.messages import models as messages
from services.exchange.notices import models as notices
from services.exchange.objections import models as objections
from services.exchange.participants import models as participants
from services.exchange.reconciliations import models as reconciliations
from services.exchange.rights import models as rights

metadata = Row.metadata
__all__ = [
    "agreements",
    "attachments",
    "claims",
    "dci",
    "evidence",
    "figures",
    "filings",
    "handovers",
    "inquiries",
    "messages",
    "metadata",
    "notices",
    "objections",
    "participants",
    "reconciliations",
    "rights",
]
