"""Calls partners back (回调): answers that were asked for in that way, and events they follow.

Two-state: an attempt is committed as `sending` with a lease before anything leaves, its result
after. A partner's messages go in order; one that is away holds nobody else up.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from typing import Final
from uuid import UUID

import httpx
from pydantic import SecretStr

from services.exchange.dci.desk import Desk
from services.exchange.dci.errors import SourcesAway
from services.exchange.dci.models import CallbackState, DciTransaction, Partner
from services.exchange.dci.partner_queries import login_place
from services.exchange.dci.service_tokens import GrantedTokens, TokenAway
from services.exchange.messages.rules import GIVE_UP_AFTER, may_pass_later, pause_after
from services.exchange.peers import client_at
from shared.actors import Actor
from shared.app import Parts
from shared.db import Database, Tx
from shared.jobs import Worker, working
from shared.problems import Unavailable
from shared.signing import JsonObject

OpenPartner = Callable[[Partner], httpx.AsyncClient]

_AT_ONCE: Final = 3  # partners
_LEASE: Final = timedelta(seconds=60)  # longer than a client waits
_KEEP_BODIES: Final = timedelta(days=30)
_LARGEST: Final = 100_000  # bytes of an acknowledgement that are looked at
_DUE: Final = """
SELECT DISTINCT partner_id FROM dci_transactions
WHERE delivery IN ('waiting', 'sending') AND due_at <= $1
"""
_NEXT: Final = """
SELECT * FROM dci_transactions WHERE partner_id = $1 AND delivery IN ('waiting', 'sending')
AND due_at <= $2 ORDER BY id LIMIT 1
"""
_FORGET: Final = """
UPDATE dci_transactions SET body_sealed = NULL, answer_sealed = NULL
WHERE asked_at < $1 AND (body_sealed IS NOT NULL OR answer_sealed IS NOT NULL)
AND delivery NOT IN ('waiting', 'sending')
"""
# While a partner is away, what else is due to it waits as well.
_PUT_OFF: Final = """
UPDATE dci_transactions SET due_at = greatest(due_at, $2)
WHERE partner_id = $1 AND delivery IN ('waiting', 'sending')
"""
_CONCLUDE: Final = """
UPDATE dci_transactions SET delivery = $2, last_error = $3, due_at = $4, delivered_at = $5
WHERE id = $1 AND delivery = 'sending'
"""


def open_partner(allow_plain_http: bool) -> OpenPartner:
    """How a partner is called: over TLS that trusts the certificate it was entered with, or the
    system's authorities where there is none."""
    return lambda partner: client_at(partner.address, partner.certificate_pem, allow_plain_http)


@asynccontextmanager
async def calling(parts: Parts, desk: Desk, open_: OpenPartner) -> AsyncIterator[None]:
    """Runs the callers beside the service."""
    async with AsyncExitStack() as stack:
        for _ in range(_AT_ONCE):
            caller = Caller(parts.database, parts.actor, desk, open_)
            await stack.enter_async_context(working(caller))
        yield


class Caller(Worker):
    """A job is a partner that is owed something."""

    kind = "dci"
    lock = 0x444349  # "DCI"
    idle = 0.25

    def __init__(self, database: Database, actor: Actor, desk: Desk, open_: OpenPartner) -> None:
        super().__init__(database, actor)
        self._actor = actor
        self._desk = desk
        self._open = open_
        self._tokens: dict[UUID, GrantedTokens] = {}

    async def due(self, tx: Tx) -> Sequence[UUID]:
        return [row["partner_id"] for row in await tx.fetch(_DUE, tx.now)]

    async def carry(self, job_id: UUID) -> None:
        """Everything due to one partner, in order, until it is away. Raises Unavailable while our
        own services do not answer."""
        while (transaction := await self._next(job_id)) is not None:
            try:
                if transaction.answered_at is None:
                    await self._desk.answer(transaction.id)
            except SourcesAway as error:
                raise Unavailable() from error
            if not await self._call(transaction.id):
                return

    async def tidy(self) -> None:
        """What was asked and answered is forgotten after some weeks; that it was, stays."""
        async with self.database.transaction(self._actor) as tx:
            await tx.execute(_FORGET, tx.now - _KEEP_BODIES)

    async def _next(self, partner_id: UUID) -> DciTransaction | None:
        async with self.database.transaction(self._actor) as tx:
            found = await tx.find(DciTransaction, _NEXT, partner_id, tx.now)
        return found[0] if found else None

    async def _call(self, transaction_id: UUID) -> bool:
        """One attempt; False when the partner was not reached."""
        marked = await self._mark(transaction_id)
        if marked is None:
            return True
        transaction, partner = marked
        body = await self._desk.signed(transaction.id)
        state, error = await self._post(partner, str(transaction.callback_uri), body)
        await self._conclude(transaction, state, error)
        return state is not CallbackState.WAITING

    async def _mark(self, transaction_id: UUID) -> tuple[DciTransaction, Partner] | None:
        """None where it is not to be sent any more."""
        async with self.database.transaction(self._actor) as tx:
            transaction = await tx.require(DciTransaction, transaction_id, lock=True)
            partner = await tx.require(Partner, transaction.partner_id)
            if transaction.delivery not in (CallbackState.WAITING, CallbackState.SENDING):
                return None
            transaction.delivery = CallbackState.SENDING
            transaction.attempts += 1
            transaction.due_at = tx.now + _LEASE
            await tx.save(transaction)
            return transaction, partner

    async def _post(
        self, partner: Partner, uri: str, body: JsonObject
    ) -> tuple[CallbackState, str | None]:
        try:
            headers = await self._authorized(partner)
            async with self._open(partner) as client:
                answer = await client.post(uri, json=body, headers=headers, follow_redirects=False)
        except (httpx.HTTPError, TokenAway, OSError) as error:
            return CallbackState.WAITING, type(error).__name__
        if answer.status_code == 401 and self._tokens.pop(partner.id, None) is not None:
            return CallbackState.WAITING, "401"  # a token that ended early: the next is fresh
        return judge(answer)

    async def _authorized(self, partner: Partner) -> dict[str, str]:
        """With a token of the partner's, where it gives any. Raises TokenAway."""
        if partner.token_url is None:
            return {}
        if partner.id not in self._tokens:
            sealed = partner.client_secret_sealed or b""
            secret = self.database.vault.open(sealed, login_place(partner.id))
            self._tokens[partner.id] = GrantedTokens(
                lambda: self._open(partner),
                partner.token_url,
                str(partner.client_id),
                SecretStr(secret),
            )
        return {"Authorization": f"Bearer {await self._tokens[partner.id].token()}"}

    async def _conclude(
        self, transaction: DciTransaction, state: CallbackState, error: str | None
    ) -> None:
        async with self.database.transaction(self._actor) as tx:
            due = tx.now + pause_after(transaction.attempts)
            if state is CallbackState.WAITING and due - transaction.asked_at > GIVE_UP_AFTER:
                state = CallbackState.GIVEN_UP
            done = tx.now if state is CallbackState.DELIVERED else None
            await tx.execute(_CONCLUDE, transaction.id, state, error, due, done)
            if state is CallbackState.WAITING:
                await tx.execute(_PUT_OFF, transaction.partner_id, due)


def judge(answer: httpx.Response) -> tuple[CallbackState, str | None]:
    """What a partner's answer means. A success without an acknowledgement in it counts: not every
    implementation sends one. NACK and ERR count as refused unless they may pass."""
    ack, code = _acknowledged(answer)
    said = f"{answer.status_code} {code or ack or ''}".strip()[:100]
    if answer.is_success and ack in (None, "ACK"):
        return CallbackState.DELIVERED, None
    if may_pass_later(answer.status_code, code) or answer.is_redirect:
        return CallbackState.WAITING, said
    return CallbackState.REFUSED, said


def _acknowledged(answer: httpx.Response) -> tuple[str | None, str | None]:
    """ack_status and error code, as far as the body has them."""
    try:
        message = answer.json()["message"] if len(answer.content) <= _LARGEST else {}
        error = message.get("error") or {}
        ack, code = message.get("ack_status"), error.get("code")
    except (ValueError, KeyError, TypeError, AttributeError):
        return None, None
    return (ack if isinstance(ack, str) else None), (code if isinstance(code, str) else None)
