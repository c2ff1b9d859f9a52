"""The staff's work on texts from people: reading, answering, putting away."""

from uuid import UUID

from services.notify.receipts.answers import Asked, answer
from services.notify.receipts.errors import ReplyDone, ReplyErased
from services.notify.receipts.models import Inbound
from services.notify.receipts.queries import phone_of, require_reply, text_of, view_of
from services.notify.receipts.schemas import AnswerReply, ReplyView
from services.notify.settings import Sending
from services.notify.templates.rules import OF_REPLIES
from shared.db import Tx
from shared.problems import Problem


async def read_reply(reply_id: UUID, tx: Tx) -> ReplyView:
    """Who reads it first is noted, so that two do not answer. Raises ReplyNotFound."""
    reply = await require_reply(reply_id, tx)
    if reply.read_at is None:
        reply.read_at, reply.read_by = tx.now, tx.actor.sub
        await tx.save(reply)
    return await view_of(reply, tx)


async def answer_reply(reply_id: UUID, command: AnswerReply, tx: Tx, sending: Sending) -> ReplyView:
    """Text back by a template, and put it away. Raises ReplyNotFound, ReplyDone, ReplyErased and
    what sending raises: she may have said stop meanwhile."""
    reply = await require_reply(reply_id, tx)
    if reply.done_at is not None:
        raise ReplyDone()
    phone = phone_of(reply, tx)
    if phone is None or reply.phone_index is None:
        raise ReplyErased()
    asked = Asked(reply.id, phone, reply.phone_index, text_of(reply, tx) or "")
    outcome = await answer(asked, command, OF_REPLIES, tx, sending)
    if isinstance(outcome, Problem):
        raise outcome
    reply.answer_id, reply.answered_at = outcome.id, tx.now
    return await _put_away(reply, tx)


async def finish_reply(reply_id: UUID, tx: Tx) -> ReplyView:
    """Nothing more to do; doing it again changes nothing. Raises ReplyNotFound."""
    reply = await require_reply(reply_id, tx)
    return await (view_of(reply, tx) if reply.done_at else _put_away(reply, tx))


async def _put_away(reply: Inbound, tx: Tx) -> ReplyView:
    reply.done_at, reply.done_by = tx.now, tx.actor.sub
    await tx.save(reply)
    return await view_of(reply, tx)
