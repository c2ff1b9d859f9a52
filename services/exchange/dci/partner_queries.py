"""Reading partners, and how their transactions fare."""

from collections.abc import Sequence
from uuid import UUID

from services.exchange.dci.errors import PartnerNotFound
from services.exchange.dci.models import CallbackState, DciTransaction, Partner, PartnerKey
from services.exchange.dci.partner_schemas import PartnerView, TransactionView
from services.exchange.dci.signatures import OurKeys, rsa_key_from
from services.exchange.participants.node import our_keys, our_node
from shared.db import Tx
from shared.pages import Page, encode_cursor, id_in, text_in
from shared.signing import JsonObject

_LIST = """
SELECT * FROM dci_transactions WHERE partner_id = $1 AND ($2::text IS NULL OR delivery = $2)
AND ($3::uuid IS NULL OR id < $3) ORDER BY id DESC LIMIT $4
"""


async def find_partner(sender_id: str, tx: Tx) -> Partner | None:
    found = await tx.find(Partner, "SELECT * FROM dci_partners WHERE sender_id = $1", sender_id)
    return found[0] if found else None


async def find_active_partner(sender_id: str, tx: Tx) -> Partner | None:
    """A partner that is not revoked."""
    partner = await find_partner(sender_id, tx)
    return partner if partner is not None and partner.revoked_at is None else None


async def require_partner(sender_id: str, tx: Tx) -> Partner:
    """Raises PartnerNotFound."""
    partner = await find_partner(sender_id, tx)
    if partner is None:
        raise PartnerNotFound()
    return partner


async def require_active_partner(sender_id: str, tx: Tx) -> Partner:
    """Raises PartnerNotFound, for a revoked one too."""
    partner = await find_active_partner(sender_id, tx)
    if partner is None:
        raise PartnerNotFound()
    return partner


async def get_partner(sender_id: str, tx: Tx) -> PartnerView:
    return view_of(await require_partner(sender_id, tx))


async def list_partners(limit: int, cursor: str | None, tx: Tx) -> Page[PartnerView]:
    """By sender id, revoked ones among them."""
    rows = await tx.find(
        Partner,
        "SELECT * FROM dci_partners WHERE sender_id > $1 ORDER BY sender_id LIMIT $2",
        text_in(cursor) if cursor else "",
        limit + 1,
    )
    more = encode_cursor(rows[limit - 1].sender_id) if len(rows) > limit else None
    return Page(items=[view_of(row) for row in rows[:limit]], next=more)


async def list_transactions(
    sender_id: str, delivery: CallbackState | None, limit: int, cursor: str | None, tx: Tx
) -> Page[TransactionView]:
    """Newest first: what was asked and how far the answers got, never what they say."""
    partner = await require_partner(sender_id, tx)
    rows = await tx.find(DciTransaction, _LIST, partner.id, delivery, id_in(cursor), limit + 1)
    more = encode_cursor(str(rows[limit - 1].id)) if len(rows) > limit else None
    return Page(items=[_transaction_view(row) for row in rows[:limit]], next=more)


async def partner_keys(tx: Tx) -> Sequence[JsonObject]:
    """The public RSA keys, newest first."""
    keys = await tx.find(PartnerKey, "SELECT * FROM dci_keys ORDER BY created_at DESC")
    return [key.public for key in keys]


async def published_keys(tx: Tx) -> JsonObject:
    """Everything that verifies what we sign: the node's keys, and the RSA keys for partners."""
    listed = (await our_keys(tx))["keys"]
    assert isinstance(listed, list)
    return {"keys": [*listed, *await partner_keys(tx)]}


async def keys_to_sign_with(tx: Tx) -> OurKeys:
    rows = await tx.find(PartnerKey, "SELECT * FROM dci_keys ORDER BY created_at DESC LIMIT 1")
    rsa = None
    if rows:
        rsa = rsa_key_from(tx.vault.open(rows[0].private_sealed, key_place(rows[0].kid)))
    return OurKeys((await our_node(tx)).key, rsa)


def key_place(kid: str) -> str:
    return f"dci_keys.private:{kid}"


def login_place(partner_id: UUID) -> str:
    return f"dci_partners.client_secret:{partner_id}"


def body_place(transaction_id: UUID) -> str:
    return f"dci_transactions.body:{transaction_id}"


def answer_place(transaction_id: UUID) -> str:
    return f"dci_transactions.answer:{transaction_id}"


def view_of(partner: Partner) -> PartnerView:
    return PartnerView(**partner.model_dump(include=set(PartnerView.model_fields)))


def _transaction_view(row: DciTransaction) -> TransactionView:
    return TransactionView(**row.model_dump(include=set(TransactionView.model_fields)))
