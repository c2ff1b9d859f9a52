"""All tables of the notify database, for the migrations."""

from services.notify.base import Row
from services.notify.campaigns import models as campaigns
from services.notify.contacts import models as contacts
from services.notify.digests import models as digests
from services.notify.messages import models as messages
from services.notify.publicity import models as publicity
from services.notify.receipts import models as receipts
from services.notify.reminders import models as reminders
from services.notify.rights import models as rights
from services.notify.templates import models as templates
from services.notify.watching import models as watching

metadata = Row.metadata
__all__ = [
    "campaigns",
    "contacts",
    "digests",
    "messages",
    "metadata",
    "publicity",
    "receipts",
    "reminders",
    "rights",
    "templates",
    "watching",
]
