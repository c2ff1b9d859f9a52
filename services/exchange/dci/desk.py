"""The desk that answers partners: takes a message in, asks the services, keeps the answer, hands it
back at once or leaves it to the courier. No transaction is open while a service is asked."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from services.exchange.dci import answers
from services.exchange.dci.errors import BAD_COUNT, TOO_LONG
from services.exchange.dci.handlers import Call, take
from services.exchange.dci.models import Action, DciTransaction, Partner, Status
from services.exchange.dci.noticing import draw_notice
from services.exchange.dci.partner_queries import (
    answer_place,
    body_place,
    keys_to_sign_with,
)
from services.exchange.dci.schemas import (
    MESSAGES,
    DciAck,
    DciAckResponse,
    RequestMessage,
    SearchRequest,
    SignedAnswer,
    StatusRequest,
    SubscribeRequest,
    items_in,
)
from services.exchange.dci.searching import Look, answer_search
from services.exchange.dci.signatures import sign
from services.exchange.dci.sources import Sources
from services.exchange.dci.statuses import answer_status
from services.exchange.dci.subscribing import look_up, subscribe, unsubscribe
from services.exchange.evidence.handlers import Entry, append_leaf
from services.exchange.evidence.models import Direction
from services.exchange.evidence.rules import moment
from services.exchange.messages.rules import payload_hash, stamped
from services.exchange.participants.node import our_node
from shared.actors import Actor
from shared.db import Database, Tx
from shared.ids import new_id
from shared.signing import JsonObject
from shared.usage import Purpose

MOST_ITEMS: Final = 50  # requests in one message


@dataclass(frozen=True)
class Case:
    """A transaction that is to be answered, with its partner and what it asks."""

    transaction: DciTransaction
    partner: Partner
    header: JsonObject
    body: JsonObject
    own_references: frozenset[str]
    reference: str  # the case reference that every look leaves

    @property
    def message(self) -> RequestMessage:
        return MESSAGES[Action(self.transaction.action)].model_validate(self.body)


class Desk:
    """Answers; `actor` is the service itself."""

    def __init__(self, database: Database, actor: Actor, sources: Sources) -> None:
        self._database = database
        self._actor = actor
        self._sources = sources

    async def take(self, call: Call) -> DciAckResponse:
        """Take a message in, to be answered by a callback. Raises a Refused."""
        async with self._database.transaction(self._actor) as tx:
            transaction = await take(call, tx)
        at = moment(transaction.asked_at)
        return DciAckResponse(message=DciAck(timestamp=at, correlation_id=str(transaction.id)))

    async def answer_now(self, call: Call) -> SignedAnswer:
        """Take a message in and answer it; the same message again gets the same answer. Raises a
        Refused."""
        async with self._database.transaction(self._actor) as tx:
            transaction = await take(call, tx)
        if transaction.answered_at is None:
            await self.answer(transaction.id)
        return SignedAnswer.model_validate(await self.signed(transaction.id))

    async def answer(self, transaction_id: UUID) -> None:
        """Work out the answer and keep it. Raises SourcesAway."""
        case = await self._opened(transaction_id)
        if case.transaction.action == Action.NOTIFY:
            await self._notice(case)
            return
        message = case.message
        if reason := _header_fault(case.header, message):
            await self._keep(case, _nothing(case), (items_in(message), 0), reason)
        elif isinstance(message, SearchRequest):
            await self._search(case, message)
        elif isinstance(message, SubscribeRequest):
            await self._subscribe(case, message)
        else:
            await self._answer_here(case, message)

    async def signed(self, transaction_id: UUID) -> JsonObject:
        """The kept answer with the time and signature of now."""
        async with self._database.transaction(self._actor) as tx:
            transaction = await tx.require(DciTransaction, transaction_id)
            partner = await tx.require(Partner, transaction.partner_id)
            text = tx.vault.open(transaction.answer_sealed or b"", answer_place(transaction.id))
            body = stamped(json.loads(text), tx.now)
            signature = sign(body, partner.signature, await keys_to_sign_with(tx))
        return body | ({"signature": signature} if signature else {})

    async def _opened(self, transaction_id: UUID) -> Case:
        async with self._database.transaction(self._actor) as tx:
            transaction = await tx.require(DciTransaction, transaction_id)
            partner = await tx.require(Partner, transaction.partner_id)
            text = tx.vault.open(transaction.body_sealed or b"", body_place(transaction.id))
            rows = await tx.fetch(
                "SELECT reference_id FROM dci_references WHERE asked_in = $1", transaction.id
            )
        kept = json.loads(text)
        return Case(
            transaction,
            partner,
            kept.get("header") or {},
            kept["message"],
            frozenset(row["reference_id"] for row in rows),
            f"dci:{partner.sender_id}:{transaction.id}",
        )

    async def _search(self, case: Case, message: SearchRequest) -> None:
        searched = await answer_search(
            message,
            case.partner,
            case.reference,
            case.own_references,
            self._sources,
            case.transaction.asked_at,
        )
        await self._note(case, searched.looks, "dci-search")
        body = answers.answered(
            Action.SEARCH, message.transaction_id, case.transaction.id, searched.items
        )
        await self._keep(case, body, (len(searched.items),) * 2)

    async def _subscribe(self, case: Case, message: SubscribeRequest) -> None:
        wanted = await look_up(
            message,
            case.partner,
            case.reference,
            case.own_references,
            self._sources,
            case.transaction.asked_at,
        )
        looks = [
            Look(each.person_id, each.wish.asked.why.purpose)
            for each in wanted
            if each.person_id is not None and each.wish is not None
        ]
        await self._note(case, looks, "dci-subscription")
        async with self._database.transaction(self._actor) as tx:
            if not await self._still_open(case, tx):
                return
            items = await subscribe(wanted, case.transaction, tx)
            body = answers.answered(
                Action.SUBSCRIBE, message.transaction_id, case.transaction.id, items
            )
            await self._store(case, body, (len(items),) * 2, None, tx)

    async def _answer_here(self, case: Case, message: RequestMessage) -> None:
        """What our own tables answer."""
        async with self._database.transaction(self._actor) as tx:
            if not await self._still_open(case, tx):
                return
            if isinstance(message, StatusRequest):
                body = await answer_status(message, case.partner, case.transaction.id, tx)
            else:
                assert not isinstance(message, SearchRequest | SubscribeRequest)
                body = await unsubscribe(message, case.transaction, tx)
            await self._store(case, body, (items_in(message),) * 2, None, tx)

    async def _notice(self, case: Case) -> None:
        drawn = await draw_notice(
            case.transaction, case.body, case.reference, self._sources, self._database, self._actor
        )
        if drawn is not None:
            await self._note(case, [drawn.look], "dci-notice")
            await self._keep(case, drawn.message, (1, 1))

    async def _note(self, case: Case, looks: Iterable[Look], kind: str) -> None:
        """Who was looked at, for which purpose: written before anything is told. The partner is
        the one who looks."""
        by_purpose: dict[Purpose, list[UUID]] = {}
        for look in looks:
            by_purpose.setdefault(look.purpose, []).append(look.person_id)
        partner = case.partner
        looking = Actor(
            sub=f"dci:{partner.sender_id}",
            name=partner.name,
            org=partner.name,
            region=self._actor.region,
            scopes=frozenset(),
        )
        for purpose, person_ids in by_purpose.items():
            async with self._database.transaction(
                looking, purpose=purpose, case_reference=case.reference
            ) as tx:
                for person_id in dict.fromkeys(person_ids):
                    tx.saw(person_id, kind)

    async def _keep(
        self, case: Case, body: JsonObject, counts: tuple[int, int], reason: str | None = None
    ) -> None:
        async with self._database.transaction(self._actor) as tx:
            if await self._still_open(case, tx):
                await self._store(case, body, counts, reason, tx)

    async def _still_open(self, case: Case, tx: Tx) -> bool:
        """Whether nobody was faster: the same message may be at work twice."""
        row = await tx.require(DciTransaction, case.transaction.id, lock=True)
        return row.answered_at is None

    async def _store(
        self,
        case: Case,
        body: JsonObject,
        counts: tuple[int, int],
        reason: str | None,
        tx: Tx,
    ) -> None:
        node, action, made_id = await our_node(tx), Action(case.transaction.action), new_id()
        to = case.partner.sender_id
        made = answers.envelope(action, body, node.id, to, made_id, counts, reason)
        entry = Entry(Direction.SENT, str(made_id), to, payload_hash(made))
        await tx.execute(
            "UPDATE dci_transactions SET answer_sealed = $2, status = $3, answered_at = $4,"
            " sent_leaf = $5 WHERE id = $1",
            case.transaction.id,
            tx.vault.seal(json.dumps(made), answer_place(case.transaction.id)),
            Status.REJECTED if reason else Status.SUCCEEDED,
            tx.now,
            await append_leaf(entry, tx, node),
        )


def _header_fault(header: JsonObject, message: RequestMessage) -> str | None:
    """Why the message is rejected as a whole, though it could be read."""
    count = items_in(message)
    if header.get("total_count") != count:
        return BAD_COUNT
    return TOO_LONG if count > MOST_ITEMS else None


def _nothing(case: Case) -> JsonObject:
    """The message of an answer that rejects the whole."""
    action, transaction = Action(case.transaction.action), case.transaction
    if action in answers.LISTS:
        return answers.answered(action, transaction.transaction_id, transaction.id, [])
    return {
        "transaction_id": transaction.transaction_id,
        "correlation_id": str(transaction.id),
        "timestamp": moment(transaction.asked_at),
        "status": Status.REJECTED.value,
    }
