"""Reading who gets the digest."""

from uuid import UUID

from services.notify.digests.models import DigestRecipient
from services.notify.digests.schemas import RecipientView
from shared.crypto import mask
from shared.db import Tx
from shared.pages import Page, decode_cursor, encode_cursor
from shared.problems import MalformedRequest

_PAGE = """
SELECT * FROM digest_recipients WHERE $1::uuid IS NULL OR id > $1 ORDER BY id LIMIT $2
"""


async def list_recipients(limit: int, cursor: str | None, tx: Tx) -> Page[RecipientView]:
    """Those of the caller's area, by id."""
    found = await tx.find(DigestRecipient, _PAGE, _after(cursor), limit + 1)
    shown = found[:limit]
    return Page(
        items=[recipient_view(each, tx) for each in shown],
        next=encode_cursor(str(shown[-1].id)) if len(found) > limit else None,
    )


def recipient_view(recipient: DigestRecipient, tx: Tx) -> RecipientView:
    phone = tx.vault.open(recipient.phone_sealed, f"digest_recipients.phone:{recipient.id}")
    return RecipientView(
        phone=mask(phone, 3, 2),
        **recipient.model_dump(include=set(RecipientView.model_fields) - {"phone"}),
    )


def _after(cursor: str | None) -> UUID | None:
    match decode_cursor(cursor) if cursor else []:
        case []:
            return None
        case [str(last)]:
            try:
                return UUID(last)
            except ValueError:
                raise MalformedRequest() from None
    raise MalformedRequest()
