"""Writing partners: entered, given a new secret, revoked."""

import json

from services.exchange.dci.errors import PartnerKnown, UnsignedRefused
from services.exchange.dci.models import EndReason, Partner, PartnerKey, SignatureForm
from services.exchange.dci.partner_queries import (
    key_place,
    login_place,
    partner_keys,
    require_partner,
    view_of,
)
from services.exchange.dci.partner_schemas import AddPartner, PartnerSecretView, PartnerView
from services.exchange.dci.rules import is_loopback
from services.exchange.dci.signatures import new_rsa_key
from services.exchange.dci.tokens import hash_of_secret, new_secret
from shared.db import Tx
from shared.ids import new_id
from shared.signing import JsonObject

_LOCK = 0x52534131  # "RSA1": two administrators at once make one key


async def add_partner(command: AddPartner, unsigned: bool, tx: Tx) -> PartnerSecretView:
    """Enter a partner. `unsigned` is whether this installation takes unsigned messages. Raises
    UnsignedRefused, PartnerKnown."""
    if command.signature is SignatureForm.NONE and not (unsigned and is_loopback(command.address)):
        raise UnsignedRefused()
    secret, partner_id, login = new_secret(), new_id(), command.login
    sealed = None
    if login is not None:
        sealed = tx.vault.seal(login.client_secret.get_secret_value(), login_place(partner_id))
    partner = Partner(
        id=partner_id,
        sender_id=command.sender_id,
        name=command.name,
        address=command.address,
        certificate_pem=command.certificate_pem,
        signature=command.signature,
        jwks=command.jwks,
        secret_hash=hash_of_secret(secret),
        token_url=login.token_url if login else None,
        client_id=login.client_id if login else None,
        client_secret_sealed=sealed,
        profiles=command.profiles,
        purposes=command.purposes,
        created_at=tx.now,
        created_by=tx.actor.sub,
    )
    if not await tx.add_if_new(partner):
        raise PartnerKnown()
    if command.signature is SignatureForm.ATTACHED:
        await _ensure_rsa_key(tx)
    return PartnerSecretView(sender_id=command.sender_id, client_secret=secret)


async def renew_secret(sender_id: str, tx: Tx) -> PartnerSecretView:
    """A new secret; the old one is worth nothing from now on. Raises PartnerNotFound."""
    partner, secret = await _locked(sender_id, tx), new_secret()
    partner.secret_hash = hash_of_secret(secret)
    await tx.save(partner)
    return PartnerSecretView(sender_id=sender_id, client_secret=secret)


async def revoke_partner(sender_id: str, tx: Tx) -> PartnerView:
    """Nothing is taken from it or told to it any more; what it followed ends. Raises
    PartnerNotFound."""
    partner = await _locked(sender_id, tx)
    if partner.revoked_at is None:
        partner.revoked_at = tx.now
        await tx.save(partner)
        await tx.execute(
            "UPDATE dci_subscriptions SET ended_at = $2, ended_because = $3"
            " WHERE partner_id = $1 AND ended_at IS NULL",
            partner.id,
            tx.now,
            EndReason.PARTNER_REVOKED,
        )
        await tx.execute(
            "UPDATE dci_transactions SET delivery = 'given-up', body_sealed = NULL,"
            " answer_sealed = NULL, last_error = 'partner-revoked'"
            " WHERE partner_id = $1 AND delivery IN ('waiting', 'sending')",
            partner.id,
        )
    return view_of(partner)


async def _locked(sender_id: str, tx: Tx) -> Partner:
    return await tx.require(Partner, (await require_partner(sender_id, tx)).id, lock=True)


async def _ensure_rsa_key(tx: Tx) -> None:
    await tx.execute("SELECT pg_advisory_xact_lock($1)", _LOCK)
    if await partner_keys(tx):
        return
    key = new_rsa_key()
    private = json.dumps(key.as_dict(private=True))
    public: JsonObject = json.loads(json.dumps(key.as_dict(private=False)))
    await tx.add(
        PartnerKey(
            kid=str(key.kid),
            public=public,
            private_sealed=tx.vault.seal(private, key_place(str(key.kid))),
            created_at=tx.now,
        )
    )
