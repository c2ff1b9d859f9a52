"""All tables of the notify database, for the migrations."""

from services.notify.base import Row
from services.notify.campaigns import models as campaigns
from services.notify.contacts import models as contacts
from services.notify.messages import models as messages
from services.notify.receipts import models as receipts
from services.notify.rights import models as rights
from services.notify.templates import models as templates

metadata = Row.metadata
__all__ = ["campaigns", "contacts", "messages", "metadata", "receipts", "rights", "templates"]
