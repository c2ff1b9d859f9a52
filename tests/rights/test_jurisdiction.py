"""Whoever works elsewhere sees and changes nothing of ours: over every operation of every service,
with rows that the county itself made through the API."""

import asyncio
import re
from typing import Any

import pytest

from shared.contracts import SERVICES, openapi
from shared.testing import Issuer
from tests.conftest import Cluster
from tests.e2e.bad_requests import Operation, call, operations
from tests.e2e.odd_values import GIVEN, SETTINGS
from tests.e2e.trial import Service, given_ids, scopes, signature_of, trial

ELSEWHERE = "310101"
# The county does not try these first: they would take away what the stranger is to ask for.
AFTERWARDS = re.compile(
    r"POST .*/(erasure|erasure-requests|opt-outs|stop|tallies/recount"
    r"|partners/\{sender_id\}/revocation)$"
)
# Nobody's personal data: every office of any county may read it, and none but ours change it.
PUBLIC = (
    r"/(regions|region-changes|participants|templates|indicators|schemes|fact-kinds|inquiry-kinds|trusted-issuers"
    r"|issuer-keys|status-lists|checking-kit|entitlements|claim-rules|benefit-programmes|consent-purposes|calendar-days|calendar-years|evidence|traffic|queue|refusals)\b"
)
# Peers and providers, who are known by signature, and the machines' own.
OPEN_TO_ALL = re.compile(
    rf"GET .*{PUBLIC}|.*/(\.well-known|dci|evidence)/|.*/(usagePeriod|heartbeat)$"
    r"|.*/(healthz|readyz|metrics)$|(GET|POST) /notify/v1/(callbacks|receipts|inbound)/"
)


# What no call of the API alone makes: tried elsewhere, with events, files and second persons.
NOT_MADE = re.compile(
    r"/(residences|rooms|household-updates|mismatches|region-tasks|duplicates|imports|feeds|filings|feed-conflicts|appeals|erasure-requests|account-links|claim-papers|received-claims|claim-payment-lists|appointment-waits|catalogue-versions|benefit-lines|benefit-recoveries|queue/messages|attachments|refusals|keys|improvement-plans|signs|spot-checks|monthly-reviews|weekly-feedback|scorecard-runs|replies|objection-appeals)/|/claim-payment-lists$"
)
# Answered, and what they may write: about nobody of ours.
HARMLESS: dict[str, set[str]] = {
    "POST /registry/v1/person-searches": set(),  # finds nobody
    "POST /registry/v1/duplicate-searches": {"duplicate_searches"},  # for the caller's own region
    "POST /registry/v1/duplicates/thresholds": {"duplicate_thresholds"},  # likewise
    "POST /registry/v1/feeds": set(),  # compared under the caller's own region
    "POST /registry/v1/feed-profiles": {"feed_profiles"},  # for the caller's own region
    "POST /registry/v1/field-batches": {"field_items"},  # each item judged by itself: refused
    "GET /registry/v1/filing-templates/{kind}": set(),  # an empty sheet
    "GET /migrant/v1/filing-templates/{kind}": set(),  # likewise
    "POST /registry/v1/filings": set(),  # files nothing outside the caller's own region
    "POST /migrant/v1/filings": set(),  # likewise
    "POST /registry/v1/imports": set(),  # enters nobody outside the caller's own region
    "POST /migrant/v1/self-registration-searches": set(),  # finds nobody
    "POST /migrant/v1/self-registration": set(),  # anybody's own form: here an empty one
    "POST /migrant/v1/claim-payments": set(),  # each line judged by itself: not found
    "POST /migrant/v1/claim-papers": set(),  # no file came
    "POST /migrant/v1/claim-bank-results": set(),  # no file came
    "GET /migrant/v1/bank-profiles": set(),  # as shipped; a county's own are its own
    "POST /exchange/v1/attachments": set(),  # no file came
    "POST /migrant/v1/payment-file-checks": set(),  # no file came
    "POST /migrant/v1/certificate-checks": {"certificate_checks"},  # what a holder showed there
    "POST /migrant/v1/charter-checks": set(),  # a draft alone is looked at
    "POST /notify/v1/templates/preview": set(),  # nobody is named, and nothing kept
    "GET /assessment/v1/open-data/{table}": set(),  # the caller's own county: an empty table
    "POST /assessment/v1/tallies/recount": set(),  # counts again what was counted
}

_PAUSED = """
INSERT INTO peer_pauses (peer, reason, paused_at, paused_by)
SELECT id, 'quiet', now(), 'test' FROM participants ON CONFLICT DO NOTHING;
UPDATE reconciliations SET concluded_at = now() WHERE concluded_at IS NULL;
UPDATE dci_transactions SET due_at = '2100-01-01';
"""
_PROMISED = "SELECT count(*) FROM messages_out WHERE leaf_index IS NULL"
# What moves with the clock: how far a search has read, and the log, a while after what it holds.
CLOCKWORK = ["outbox", "duplicate_checks", "evidence_leaves", "evidence_nodes", "evidence_heads"]


async def content(tried: Service) -> dict[str, Any]:
    """What each table holds, as a checksum."""
    names = await tried.owner.fetch(
        "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> ALL($1)",
        CLOCKWORK,
    )
    sums = ", ".join(
        f'(SELECT md5(string_agg(t::text, \'\' ORDER BY t::text)) FROM "{name}" AS t) AS "{name}"'
        for (name,) in names
    )
    return dict(await tried.owner.fetchrow(f"SELECT {sums}") or {})


@pytest.mark.parametrize("service", SERVICES)
async def test_nothing_of_ours_is_seen_or_changed_from_elsewhere(
    service: str, cluster: Cluster, issuer: Issuer
) -> None:
    known, missing = given_ids(), set[str]()
    found = operations(openapi(service), known, GIVEN)
    settings = SETTINGS.get(service, {}) | ({"providers": ()} if service == "notify" else {})
    async with trial(service, cluster, issuer, settings) as tried:
        for operation in found:
            if not AFTERWARDS.match(operation.id):
                await tried.try_good(operation)
                if tried.last.status == 404:
                    missing.add(operation.id)
        assert not tried.wrong
        if service == "exchange":  # nothing is sent meanwhile, so that nothing changes by itself
            await tried.owner.execute(_PAUSED)
            while await tried.owner.fetchval(_PROMISED):
                await asyncio.sleep(0.05)
        assert {each for each in missing if not NOT_MADE.search(each)} == set()
        ours = {each for path, each in known.items() if not re.search(PUBLIC, path)}
        wrong = [
            fault
            for operation in found
            if not OPEN_TO_ALL.match(operation.id)
            for fault in await faults_of(operation, tried, issuer, ours - set(given_ids().values()))
        ]
    assert not wrong, "\n".join(wrong)


async def faults_of(
    operation: Operation, tried: Service, issuer: Issuer, ours: set[str]
) -> list[str]:
    """What a clerk of another county gets or does that she must not."""
    token = issuer.token(
        scope=scopes().replace("self", ""), region=ELSEWHERE, sub="stranger", org="office-elsewhere"
    )
    good, before = operation.good(), await content(tried)
    headers = [(b"authorization", f"Bearer {token}".encode()), *tried.headers[1:]]
    answer = await call(tried.app, good, headers + signature_of(good))
    faults = []
    if answer.status < 300 and any(each.encode() in answer.body for each in ours):
        faults.append(f"{operation.id}: shows one of ours: {answer.body[:200]!r}")
    asked_for_ours = "{" in operation.path or operation.method != "GET" or "find" in operation.path
    if asked_for_ours and answer.status not in (403, 404) and operation.id not in HARMLESS:
        faults.append(f"{operation.id}: {answer.status} {answer.body[:200]!r}")
    after = await content(tried)
    own = HARMLESS.get(operation.id, set())
    changed = [name for name in after if after[name] != before.get(name) and name not in own]
    if changed:
        faults.append(f"{operation.id}: {answer.status} changed {changed}")
    return faults
