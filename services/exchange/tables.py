"""All tables of the exchange database, for the migrations."""

from services.exchange.base import Row
from services.exchange.evidence import models as evidence
from services.exchange.inquiries import models as inquiries
from services.exchange.messages import models as messages
from services.exchange.notices import models as notices
from services.exchange.participants import models as participants

metadata = Row.metadata
__all__ = ["evidence", "inquiries", "messages", "metadata", "notices", "participants"]
