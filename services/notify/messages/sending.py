"""The steps of sending, each its own transaction: claim and mark, then record what was said.

A text that was marked and of whose call we do not know the outcome is never simply sent again:
the provider is asked (`due_queries`), or its receipt tells.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from services.notify.contacts.queries import HAS_OPTED_OUT, STILL_HOLDS
from services.notify.contacts.rules import own_hours, takes_texts
from services.notify.messages.rules import AttemptState, Lane, next_open, retry_at
from services.notify.messages.segments import split
from services.notify.messages.settling import lock, settle
from services.notify.providers.schemas import Outcome, SubmitRequest, SubmitResult
from services.notify.settings import Sending
from services.notify.templates.wordings import Wording, dress_anew, opt_out_of
from shared.db import Tx
from shared.events.notify import MessageFailed, MessageSubmitted, SubmittedText
from shared.ids import new_id

_DUE = f"""
SELECT m.id, m.template_id, m.person_id, m.lane, m.tries, m.expires_at, m.body_sealed,
       m.phone_sealed, m.phone_index, c.id AS contact_id, c.active AND NOT c.closed AS active,
       c.phone_sealed AS contact_sealed,
       c.phone_index AS contact_index, k.channel AS chosen, k.from_hour, k.to_hour,
       m.kind, t.language, t.signature, coalesce(w.signature, t.signature) AS own_signature,
       w.code AS template_code, t.text AS template_text, t.withdrawn_at,
       CASE WHEN m.purpose = 'stop-heard' THEN false
            WHEN m.person_id IS NULL THEN EXISTS (
              SELECT FROM opt_outs AS o WHERE o.phone_index = m.phone_index
              AND (o.purpose IS NULL OR o.purpose = m.purpose) AND {STILL_HOLDS})
            ELSE {HAS_OPTED_OUT} END AS opted_out
FROM messages AS m LEFT JOIN contacts AS c
  ON c.person_id = m.person_id AND c.purpose = m.purpose
LEFT JOIN contact_choices AS k ON k.person_id = m.person_id
JOIN templates AS t ON t.id = m.template_id
LEFT JOIN provider_wordings AS w ON w.template_id = m.template_id AND w.provider = $4
WHERE m.status = 'queued' AND m.lane = $1 AND m.due_at <= $2
ORDER BY m.due_at LIMIT $3 FOR UPDATE OF m SKIP LOCKED
"""  # noqa: S608 a constant of our own
_ANY_DUE = """
SELECT EXISTS (SELECT FROM messages WHERE status = 'queued' AND lane = $1 AND due_at <= $2)
"""
_MARK = """
UPDATE messages AS m
SET status = 'submitting', provider = $4, tries = t.tries, phone_sealed = t.sealed,
    phone_index = t.number
FROM unnest($1::uuid[], $2::bytea[], $3::bytea[], $5::int[]) AS t (id, sealed, number, tries)
WHERE m.id = t.id
"""
_ATTEMPTS = """
INSERT INTO attempts (message_id, number, provider, state, started_at, check_at)
SELECT id, number, $3, 'submitting', $4, $5 FROM unnest($1::uuid[], $2::int[]) AS t (id, number)
"""
_END = """
UPDATE messages AS m SET status = 'failed', reason = t.reason, done_at = $3
FROM unnest($1::uuid[], $2::text[]) AS t (id, reason) WHERE m.id = t.id
"""
_RESOLVE = """
UPDATE attempts AS a SET state = t.state, code = t.code, resolved_at = $4
FROM unnest($1::uuid[], $2::text[], $3::text[]) AS t (id, state, code), messages AS m
WHERE a.message_id = t.id AND m.id = t.id AND a.number = m.tries
  AND a.state IN ('submitting', 'unknown')
RETURNING a.message_id, a.provider, m.tries, m.parts
"""
_PARTS = """
INSERT INTO message_parts
  (bind_group, provider_id, provider, message_id, number, state, received_at)
SELECT bind_group, provider_id, provider, message_id, number, 'pending', $6
FROM unnest($1::text[], $2::text[], $3::text[], $4::uuid[], $5::int[])
  AS t (bind_group, provider_id, provider, message_id, number)
ORDER BY bind_group, provider_id
ON CONFLICT (bind_group, provider_id)
DO UPDATE SET message_id = excluded.message_id, number = excluded.number
"""
# Also of a text whose receipt told the acceptance before the answer did.
_COUNTED = """
UPDATE messages AS m SET parts = t.parts FROM unnest($1::uuid[], $2::int[]) AS t (id, parts)
WHERE m.id = t.id AND m.parts <> t.parts
"""
_AGAIN = """
UPDATE messages AS m SET due_at = t.due_at, status = coalesce(
  (SELECT CASE c.status WHEN 'paused' THEN 'held' WHEN 'stopped' THEN 'cancelled' END
   FROM campaigns AS c WHERE c.id = m.campaign_id), 'queued')
FROM unnest($1::uuid[], $2::timestamptz[]) AS t (id, due_at) WHERE m.id = t.id
"""
_LATER = """
UPDATE messages AS m SET due_at = t.due_at, expires_at = m.expires_at + (t.due_at - m.due_at)
FROM unnest($1::uuid[], $2::timestamptz[]) AS t (id, due_at) WHERE m.id = t.id
"""
_QUERIES = """
UPDATE attempts SET state = 'unknown', check_at = $3 WHERE (message_id, number) IN (
  SELECT message_id, number FROM attempts
  WHERE state IN ('submitting', 'unknown') AND resolved_at IS NULL AND check_at <= $1
  ORDER BY check_at LIMIT $2 FOR UPDATE SKIP LOCKED)
RETURNING message_id, provider
"""


@dataclass(frozen=True, slots=True)
class _Written:
    """A text as its provider gets it: its parts, and the provider's template where it has one."""

    parts: tuple[str, ...]
    template: tuple[str, str] | None


_Same = dict[tuple[UUID, str], _Written]  # by template and body: a campaign says the same to all


@dataclass(frozen=True, slots=True)
class _Marked:
    """A text that goes: its request, number as it is kept, and which try it is."""

    request: SubmitRequest
    sealed: bytes
    number: bytes
    tries: int


async def anything_due(lane: Lane, tx: Tx) -> bool:
    """Whether a text of the lane may go now, as far as its time tells."""
    return bool(await tx.fetch_value(_ANY_DUE, lane, tx.now))


async def claim(
    lane: Lane, provider: str, limit: int, tx: Tx, sending: Sending
) -> list[SubmitRequest]:
    """Take up to `limit` due texts of a lane, look once more whether each may still be sent, and
    mark the attempt. The caller submits after the commit."""
    rows = await tx.fetch(_DUE, lane, tx.now, limit, provider)
    refused = {row["id"]: reason for row in rows if (reason := _refusal(row, tx))}
    await end(refused, tx)
    ready = [row for row in rows if row["id"] not in refused]
    ready = await _within_hours(ready, tx, sending)
    same: _Same = {}
    marked = [_mark(row, same, provider, tx, sending) for row in ready]
    if not marked:
        return []
    ids = [each.request.reference for each in marked]
    tries = [each.tries for each in marked]
    await tx.execute(
        _MARK,
        ids,
        [each.sealed for each in marked],
        [each.number for each in marked],
        provider,
        tries,
    )
    check_at = tx.now + timedelta(seconds=sending.query_after_seconds)
    await tx.execute(_ATTEMPTS, ids, tries, provider, tx.now, check_at)
    return [each.request for each in marked]


async def end(reasons: Mapping[UUID, str], tx: Tx) -> None:
    """Fail texts, each for a reason (a code)."""
    if not reasons:
        return
    await tx.execute(_END, list(reasons), list(reasons.values()), tx.now)
    for message_id, reason in reasons.items():
        tx.emit(MessageFailed(message_id=message_id, reason=reason))


async def record(results: Sequence[SubmitResult], tx: Tx, sending: Sending) -> None:
    """Write down what a provider said of texts we submitted or asked about. What a receipt has
    told meanwhile stands; results may come twice."""
    known = {each.reference: each for each in results if each.outcome is not Outcome.UNKNOWN}
    if not known:
        return
    accepted = [each for each in known.values() if each.outcome is Outcome.ACCEPTED]
    await _record_parts(accepted, tx, sending)
    await lock(known, tx)
    counts = {each.reference: len(set(each.provider_ids)) for each in accepted}
    counts = {id: parts for id, parts in counts.items() if parts}
    await tx.execute(_COUNTED, list(counts), list(counts.values()))
    resolved = await tx.fetch(
        _RESOLVE,
        list(known),
        [_attempt_state(each.outcome) for each in known.values()],
        [each.code or _default_code(each.outcome) for each in known.values()],
        tx.now,
    )
    rows = {row["message_id"]: row for row in resolved}
    await mark_submitted({each.reference: 0 for each in accepted} | counts, rows, tx)
    await settle([each.reference for each in accepted], tx)
    await end(
        {id: known[id].code or "refused" for id in rows if known[id].outcome is Outcome.PERMANENT},
        tx,
    )
    again = [row for id, row in rows.items() if known[id].outcome in _NOT_SENT]
    await _requeue(again, tx, sending)


_NOT_SENT = (Outcome.TEMPORARY, Outcome.NOT_FOUND)


async def due_queries(limit: int, lease: timedelta, tx: Tx) -> list[tuple[UUID, str]]:
    """Texts (id, provider) whose attempt has had no outcome for too long, to be asked about by
    this caller; nobody else asks before `lease` has passed."""
    rows = await tx.fetch(_QUERIES, tx.now, limit, tx.now + lease)
    return [(row["message_id"], row["provider"]) for row in rows]


async def _record_parts(accepted: Sequence[SubmitResult], tx: Tx, sending: Sending) -> None:
    """Keep the provider's ids of accepted texts, also where a receipt has told the acceptance."""
    if not accepted:
        return
    providers = await _providers_of([each.reference for each in accepted], tx)
    parts = {
        (sending.group_of(provider), provider_id): (provider, each.reference, number)
        for each in accepted
        if (provider := providers.get(each.reference)) is not None
        for number, provider_id in enumerate(each.provider_ids, start=1)
    }
    if parts:
        rows = [(*key, *rest) for key, rest in parts.items()]
        await tx.execute(_PARTS, *map(list, zip(*rows, strict=True)), tx.now)


async def mark_submitted(
    parts: Mapping[UUID, int], rows: Mapping[UUID, asyncpg.Record], tx: Tx
) -> None:
    """Texts whose attempt has just been resolved (`rows`) are at the provider now; `parts` is
    how many the provider made of each, 0 where it did not say."""
    if not rows:
        return
    fresh = [id for id in parts if id in rows]
    counts = [parts[id] or rows[id]["parts"] for id in fresh]
    await tx.execute(
        "UPDATE messages AS m SET status = 'submitted', submitted_at = $3, parts = t.parts,"
        " reason = NULL, done_at = NULL"
        " FROM unnest($1::uuid[], $2::int[]) AS t (id, parts) WHERE m.id = t.id",
        fresh,
        counts,
        tx.now,
    )
    taken: dict[str, list[SubmittedText]] = {}
    for id, count in zip(fresh, counts, strict=True):
        texts = taken.setdefault(rows[id]["provider"], [])
        texts.append(SubmittedText(message_id=id, segments=count))
    for provider, texts in taken.items():
        tx.emit(
            MessageSubmitted(
                submission_id=new_id(), provider=provider, submitted_at=tx.now, texts=texts
            )
        )


async def _requeue(rows: Sequence[asyncpg.Record], tx: Tx, sending: Sending) -> None:
    """Texts that were surely not taken wait and try again, unless they have tried enough."""
    given_up = [row for row in rows if row["tries"] >= sending.max_tries]
    again = [row for row in rows if row["tries"] < sending.max_tries]
    await end({row["message_id"]: "gave-up" for row in given_up}, tx)
    if again:
        await tx.execute(
            _AGAIN,
            [row["message_id"] for row in again],
            [retry_at(tx.now, row["tries"], sending) for row in again],
        )


async def _providers_of(ids: list[UUID], tx: Tx) -> dict[UUID, str]:
    rows = await tx.fetch("SELECT id, provider FROM messages WHERE id = ANY($1::uuid[])", ids)
    return {row["id"]: row["provider"] for row in rows}


async def _within_hours(
    rows: Sequence[asyncpg.Record], tx: Tx, sending: Sending
) -> list[asyncpg.Record]:
    """Those that may go at this hour; the others wait for the next that suits their kind and
    their people, and are stale as much later."""
    later: dict[UUID, datetime] = {}
    for row in rows:
        own = own_hours(row["from_hour"], row["to_hour"])
        opens = next_open(tx.now, sending, own, row["kind"])
        if opens > tx.now:
            later[row["id"]] = opens
    if later:
        await tx.execute(_LATER, list(later), list(later.values()))
    return [row for row in rows if row["id"] not in later]


def _refusal(row: asyncpg.Record, tx: Tx) -> str | None:
    """Why a due text may not be sent any more, as a code."""
    if row["expires_at"] <= tx.now or row["body_sealed"] is None:
        return "expired"
    if row["withdrawn_at"] is not None:
        return "template-withdrawn"
    if row["person_id"] is not None and not (row["active"] and row["contact_sealed"]):
        return "no-consent"
    if row["person_id"] is not None and not takes_texts(row["chosen"]):
        return "not-by-text"
    return "opted-out" if row["opted_out"] else None


def _mark(row: asyncpg.Record, same: _Same, provider: str, tx: Tx, sending: Sending) -> _Marked:
    id, vault = row["id"], tx.vault
    sealed, number = row["phone_sealed"], row["phone_index"]
    if row["person_id"] is None:
        phone = vault.open(sealed, f"messages.phone:{id}")
    else:
        phone = vault.open(row["contact_sealed"], f"contacts.phone:{row['contact_id']}")
        sealed, number = vault.seal(phone, f"messages.phone:{id}"), row["contact_index"]
    key = (row["template_id"], vault.open(row["body_sealed"], f"messages.body:{id}"))
    written = same.get(key)
    if written is None:
        written = same[key] = _write(key[1], row, provider, sending)
    urgent = row["lane"] == Lane.URGENT
    request = SubmitRequest(id, phone, written.parts, urgent, written.template)
    return _Marked(request, sealed, number, row["tries"] + 1)


def _write(body: str, row: asyncpg.Record, provider: str, sending: Sending) -> _Written:
    """With the signature and the opt-out sentence that this provider wants."""
    now = Wording(row["signature"], row["kind"], row["language"])
    worn, code = _worn(row, provider, sending), row["template_code"]
    template = (code, worn.undressed(row["template_text"])) if code else None
    return _Written(split(dress_anew(body, now, worn)).parts, template)


def _worn(row: asyncpg.Record, provider: str, sending: Sending) -> Wording:
    opt_out = opt_out_of(sending.terms.get(provider), row["language"])
    return Wording(row["own_signature"], row["kind"], row["language"], opt_out)


def _attempt_state(outcome: Outcome) -> AttemptState:
    return AttemptState.ACCEPTED if outcome is Outcome.ACCEPTED else AttemptState.REFUSED


def _default_code(outcome: Outcome) -> str | None:
    return None if outcome is Outcome.ACCEPTED else str(outcome)
