"""Row 9: accept texts durably, in batches (consent, stops, caps, hours, template, encryption, event
and usage entry for each), against Kannel's sendsms, which stores what it accepts on disk.

Kannel takes a text a request and looks at none of that; its store is written without a sync. It
has what it takes most with: of its two durable stores the one file, not a file a text (which took a
quarter at best), and 16 connections (of 4 to 64, 8 and 16 gave most). Ours takes a thousand a
request, six at once (of 2 to 8, 6 gave most), and answers after the commit.
"""

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

import asyncpg

from deploy.box.databases import migrate, owner_dsn
from services.notify.contacts.models import Contact
from shared.ids import new_id
from shared.testing import VAULT
from tests.bench import people
from tests.bench.entering import enter
from tests.bench.frame import Contest, Figures, Goal
from tests.bench.kannel import kannel, sendsms
from tests.bench.load import Job, request_bytes, write_requests
from tests.bench.stand import CONNECTIONS, Stand

PEOPLE: Final = 100_000
BATCH: Final = 1_000
BATCHES_AT_ONCE: Final = 6
MOST_A_SECOND: Final = 20_000  # more than this batches would have to be prepared for
DAILY_CAP: Final = 1_000  # the runs text the same people again and again
SLOTS: Final = 48  # texts of a batch tell of as many different times
_SAME_TEXT = "【一盘民生服务】您预约的体检时间为2026年12月1日9:30,地点:二楼大厅。"


@asynccontextmanager
async def contest(stand: Stand, rounds: int) -> AsyncIterator[Contest]:
    dsn = owner_dsn(stand.postgres, "notify", stand.passwords)
    await migrate("notify", dsn)
    ids = await _fill(dsn)
    texts, limit_texts = stand.folder / "texts", stand.folder / "sendsms"
    needed = int((rounds + 1) * stand.seconds * MOST_A_SECOND / BATCH) + BATCHES_AT_ONCE
    write_requests(texts, _batches(ids, needed, stand))
    write_requests(limit_texts, (sendsms(people.phone(n), _SAME_TEXT) for n in range(10_000)))
    sent = 0

    async def ours(port: int) -> Figures:
        nonlocal sent
        job = Job(port, str(texts), BATCHES_AT_ONCE, stand.seconds, once=True, first=sent)
        before = await _count(dsn)
        answer = await stand.load.run(job)
        sent += answer.count
        answer.rate(202)
        accepted = await _count(dsn) - before
        if accepted != answer.count * BATCH:
            raise RuntimeError(f"{answer.count * BATCH - accepted} texts were refused")
        return {"texts": accepted / answer.seconds}

    async def limit(port: int) -> Figures:
        job = Job(port, str(limit_texts), CONNECTIONS, stand.seconds)
        return {"texts": (await stand.load.run(job)).rate(202)}

    caps = {"daily_per_number": DAILY_CAP, "daily_per_template": DAILY_CAP}
    async with (
        stand.service("notify", sending=json.dumps(caps)) as service,
        kannel(stand.folder) as door,
    ):
        yield Contest(
            row=9,
            what=f"accept texts in batches of {BATCH:,}, {PEOPLE:,} people",
            against="Kannel's sendsms, a text a request",
            goals=[Goal("texts", "/s", 1.0, at_least=True)],
            ours=lambda: ours(service.port),
            limit=lambda: limit(door),
        )


def _batches(ids: list[UUID], count: int, stand: Stand) -> Iterator[bytes]:
    token = stand.issuer.token(scope="notify:write")
    headers = {"Authorization": f"Bearer {token}", "Purpose": "notification"}
    for batch in range(count):
        first = batch * BATCH
        messages = [
            {
                "reference": f"bench-{number}",
                "template": "appointment-reminder",
                "variables": _variables(number % SLOTS),
                "to": {"person_id": str(ids[number % PEOPLE])},
                "purpose": "sms-reminders",
            }
            for number in range(first, first + BATCH)
        ]
        body = json.dumps({"messages": messages}, ensure_ascii=False).encode()
        yield request_bytes("POST", "/notify/v1/messages/batch", headers, body)


def _variables(slot: int) -> dict[str, str]:
    at = f"2026-12-01T{slot // 2:02}:{slot % 2 * 30:02}:00+08:00"
    return {"service": "体检", "at": at, "place": "二楼大厅"}


async def _fill(dsn: str) -> list[UUID]:
    """Enter people who agreed to reminders by COPY; returns their ids."""
    rows = [_contact(number) for number in range(PEOPLE)]
    await enter(dsn, rows)
    return [row.person_id for row in rows]


def _contact(number: int) -> Contact:
    contact_id, moment, phone = new_id(), datetime.now(UTC), people.phone(number)
    return Contact(
        id=contact_id,
        person_id=new_id(),
        purpose="sms-reminders",
        consent_id=new_id(),
        active=True,
        region=people.VILLAGE,
        language="zh-CN",
        phone_sealed=VAULT.seal(phone, f"contacts.phone:{contact_id}"),
        phone_index=VAULT.index(phone, "phone"),
        given_at=moment,
        changed_at=moment,
    )


async def _count(dsn: str) -> int:
    connection = await asyncpg.connect(dsn)
    try:
        return int(await connection.fetchval("SELECT count(*) FROM messages"))
    finally:
        await connection.close()
