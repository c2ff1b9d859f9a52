"""What no caller should send, and what a proper one would."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from joserfc.jwk import ECKey

from services.migrant.certificates import sdjwt
from shared.clock import today
from shared.ids import new_id
from shared.pages import encode_cursor
from shared.signing import JsonObject, SigningKey, key_set
from shared.testing import REGION
from tests.assessment.samples import WHAT_IF_SPAN, make_scheme, make_share, make_target
from tests.exchange.samples import (
    make_case,
    make_handover,
    make_inquiry,
    make_notice,
    make_year,
)
from tests.exchange.samples import make_template as make_template_of_inquiries
from tests.exchange.test_agreements import make_agreement
from tests.exchange.test_figures import make_figures
from tests.exchange.test_participants import CITY_KEY, make_record, signed
from tests.migrant.appointment_samples import in_days, make_appointment, make_place
from tests.migrant.test_benefits_routes import make_line
from tests.migrant.test_benefits_rules import make_programme
from tests.notify.samples import ALWAYS, SECRET, make_message, make_template
from tests.registry.places import number

Json = Any
HUGE = "a number JSON cannot hold"
LONGEST = "too many digits"

ODD: list[Json] = [
    None,
    "",
    0,
    -1,
    2**63,
    HUGE,
    LONGEST,
    [],
    {},
    [None],
    {"a": []},
    True,
    1.5,
    "王" * 5000,
    "a\u0007b",
    "王\u202e芳",
    "\ud800",
    "a\u0000b",
    " ",
    "０",
    "²",
    "1e400",
]
ODD_DATES = ["2026-02-30", "0000-01-01", "0001-01-01", "9999-12-31", "1879-12-31", "2026-01-01T25"]
ODD_TIMES = ["9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+12:00", "2026-01-01T00:00:00"]
ODD_CODES = ["999999", "42032510000x", "42", "４２０３２５", "420325199001011234", "110101"]
ODD_TEXTS = [
    "%00",
    "abc",
    "-1",
    "9" * 30,
    "x" * 3000,
    "%ff",
    "%ED%A0%80",
    "%F0%9F%92%A9",
    "%D9%A3",
    "'%20OR%201=1--",
    "NaN",
    "999999",
    "42032510000x",
    "",
    "%0d%0a",
    "²",
    "2026-02-30",
    "9999-12-31",
    "0001-01-01",
    "..%2f..",
    "%25",
    "null",
    "9223372036854775808",
]
ODD_CURSORS = [
    encode_cursor(),
    encode_cursor(1),
    encode_cursor("x"),
    encode_cursor(2**80, "x"),
    encode_cursor("2026-01-01", 1),
    encode_cursor(str(new_id())),
    encode_cursor("\u0000"),
    encode_cursor("2026-01-01T00:00:00+00:00", str(new_id())),
    encode_cursor("420325", "x", 3),
    encode_cursor("9999-12-31T23:59:59-12:00", str(new_id())),
    encode_cursor(-1, -1, -1),
    "bnVsbA",
    "e30",
    "W1tdXQ",
    "W251bGxd",
    "WzFlNDAwXQ",
    "W05hTl0",
    "WyJcdWQ4MDAiXQ",
    "x",
    "=",
    "é",
]
ODD_HEADERS: list[list[tuple[bytes, bytes]]] = [
    [(b"idempotency-key", b"k" * 10_000)],
    [(b"idempotency-key", b"\xb2\xff\x00")],
    [(b"idempotency-key", b"")],
    [(b"purpose", b"nonsense")],
    [(b"purpose", b"registration"), (b"purpose", b"nonsense")],
    [(b"case", b"c" * 101)],
    [(b"case", b"\xff\x00")],
    *([(b"if-match", text)] for text in (b"", b"*", b'"abc"', b"\xb2", b'"' + b"9" * 40 + b'"')),
    [(b"if-match", b'W/"-1"')],
    [(b"if-match", b'"1"'), (b"if-match", b'"2"')],
    [(b"accept-language", b"zh;q=nan,en;q=1e999,\xff;q=-1" + b"," * 2000)],
    [(b"traceparent", b"00-" + b"0" * 999)],
]
ODD_TYPES = [
    b"text/plain",
    b"application/xml",
    b"multipart/form-data",
    b"multipart/form-data; boundary=x",
    b"application/x-www-form-urlencoded",
    b"application/json; charset=gb18030",
    b"\xff",
    b"",
]
ODD_BODIES = [
    b"",
    b"{",
    b"[]",
    b"null",
    b'"x"',
    b"[" * 5000,
    b"{" * 5000,
    b'{"a":' * 40 + b"1" + b"}" * 40,
    '{"name":"王芳"}'.encode("gb18030"),
    b"\xff\xfe{\x00}\x00",
    b"\xef\xbb\xbf{}",
    b"{}" * 2,
    b'{"a":1,"a":2}',
    b"NaN",
    b"1" * 5000,
    b'{"a":"\\ud800"}',
    b'{"\\ud800":1}',
    b"{'a':1}",
    b'{"a":"\\u0000"}',
    b'{"420325199001011234":1}',
    b'{"a":1}' + b" " * 1_100_000,
]

# What a field of a name holds in a body that should do, wherever the schema does not tell.
SAMPLES: dict[str, Json] = {
    "name": "王芳",
    "child_name": "陈小宝",
    "id_number": number("19900101", 112),
    "sex": "2",
    "birth_date": "1990-01-01",
    "nationality": "01",
    "phone": "13900000001",
    "region": "420325100001",
    "hukou_region": "420325100001",
    "origin_region": "130102001001",
    "to_region": "420381",
    "home_region": "130102",
    "area": REGION,
    "parent": "42",
    "period": "2026-06",
    "year": "2026",
    "employer_code": "91350100M000100Y43",
    "office": "desk-1",
    "code": "sample-code",
    "template": "appointment-reminder",
    "purpose": "sms-reminders",
    "signature": "【测试县便民中心】",
    "language": "zh-CN",
    "indicator": "inquiry-answered-in-time",
    "scheme": "county-2026",
    "target": "95",
    "floor": "50",
    "weight": 100,
    "bonus": "0",
    "valid_from": "2026-01-01",
    "at": "2036-01-01T08:00:00+08:00",
    "start_at": "2036-01-01T08:00:00+08:00",
    "born_at": "03:40:00",
    "since": "2015-01-01",
    "record": {},
    "jwks": {"keys": []},
    "address": "https://peer.test",
    "status_base": "https://peer.test/lists",
    "region_prefixes": [REGION],
    "variables": {},
    "verb": "accept",
    "issuer": "county-420381",
    "node_id": "county-420381",
    "id": "county-420381",
    "provider": "simulator",
    "list_id": "1",
    "leaf": "0",
    "first": "1",
    "second": "1",
    "version": 1,
    "day": "2026-10-01",
    "requested_by_holder": True,
    "kinds": ["inquiry_answer"],
    "outcomes": [],
}

KEYS: JsonObject = key_set(SigningKey.generate().public_jwk())
MOTHER, FATHER = number("19900101", 112), number("19890101", 111)
CERTIFICATE = sdjwt.issue(
    {"exp": 1_900_000_000}, {"name": "王芳"}, ECKey.generate_key("P-256", {"kid": "k-1"})
)
SELECTION = {"kinds": ["inquiry_answer"], "outcomes": ["in_time"]}
SCHEME_ITEM = {
    "indicator": "inquiry-answered-in-time",
    "weight": 100,
    "target": "95",
    "floor": "50",
}


# What an operation's body needs beyond what its schema tells; `known` are ids made before.
def _place(_: dict[str, str]) -> dict[str, Any]:
    """One that does all a place may do."""
    return make_place(supplies="desk", department="justice")


GIVEN: dict[str, Callable[[dict[str, str]], dict[str, Any]]] = {
    "PUT /migrant/v1/service-limits/{code}": lambda _: {"value": 8},
    "PUT /migrant/v1/arrivals/{arrival_id}/expected-departure": lambda _: {
        "leaving_on": str(today() + timedelta(days=30))
    },
    "POST /registry/v1/feed-profiles": lambda _: json.loads(
        (Path("services/registry/feeds/shipped") / "police.deaths.json").read_text()
    ),
    "POST /registry/v1/persons": lambda _: {"id_number": MOTHER, "phone": "13900000001"},
    "POST /registry/v1/households": lambda known: {
        "head": known.get("person_id"),
        "members": [],
    },
    "POST /registry/v1/dwellings": lambda _: {"rooms": [{"number": "101"}]},
    "POST /registry/v1/estates": lambda _: {"manager_phone": "13900000001"},
    "POST /registry/v1/leases": lambda known: {
        "room_id": known.get("room_id", "019a0000-0000-7000-8000-000000000000"),
        "landlord": {"org": "91350100M000100Y43"},
        "until": None,
    },
    "POST /registry/v1/households/{household_id}/split": lambda known: {
        "head": known.get("person_id"),
        "members": [],
        "staying": [],
    },
    "POST /registry/v1/households/{household_id}/head": lambda known: {
        "head": known.get("person_id"),
        "members": [],
    },
    "POST /registry/v1/households/{household_id}/departures": lambda _: {"staying": []},
    "POST /registry/v1/households/{household_id}/members": lambda _: {"relation": "8"},
    "POST /registry/v1/households/{household_id}/join": lambda _: {
        "members": [{"person_id": "019a0000-0000-7000-8000-000000000000", "relation": "8"}],
    },
    "POST /registry/v1/field-batches": lambda _: {
        "items": [
            {
                "item_id": str(new_id()),
                "kind": "register-person",
                "captured_at": "2026-01-01T08:00:00+08:00",
                "body": {},
            }
        ]
    },
    "POST /registry/v1/work-units": lambda _: {"credit_code": "91350100M000100Y43"},
    "POST /registry/v1/work-units/{work_unit_id}/staffings": lambda _: {"staff": {"name": "王芳"}},
    "POST /registry/v1/grid-posts/{post_id}/staffings": lambda _: {"staff": {"name": "王芳"}},
    "POST /registry/v1/staffings/{staffing_id}/handovers": lambda _: {"to": {"name": "陈刚"}},
    "POST /registry/v1/agreements": lambda known: {
        "work_unit_id": known.get("work_unit_id", "019a0000-0000-7000-8000-000000000000"),
    },
    "POST /registry/v1/person-searches": lambda _: {"id_number": MOTHER},
    "POST /registry/v1/birth-reports": lambda _: {
        "mother": {"name": "王芳", "id_number": MOTHER},
        "father": {"name": "陈刚", "id_number": FATHER},
    },
    "POST /registry/v1/death-reports": lambda _: {"person": {"name": "王芳", "id_number": MOTHER}},
    "POST /registry/v1/marriage-reports": lambda _: {
        "spouses": [{"name": "王芳", "id_number": MOTHER}, {"name": "陈刚", "id_number": FATHER}],
    },
    "POST /registry/v1/region-changes": lambda _: {
        "kind": "rename",
        "lines": [
            {"from_region": "420325200002", "to_region": "420325200002", "name": "高碑社区"},
        ],
    },
    "POST /registry/v1/region-changes/{change_id}/placements": lambda _: {
        "to_region": "420325200002",
        "people": [str(new_id())],
    },
    "POST /registry/v1/blind-zones": lambda _: {"kind": "unclear-owner"},
    "POST /registry/v1/blind-zones/{zone_id}/assignment": lambda _: {"caretaker": "420325200002"},
    "POST /registry/v1/blind-zones/{zone_id}/handover": lambda _: {
        "to_region": "420325200002",
        "phases": [{"duty": "人口登记", "due_on": "2026-07-01"}],
    },
    "POST /registry/v1/duplicates/thresholds": lambda _: {"review": 1, "strong": 2},
    "POST /registry/v1/duplicates/{duplicate_id}/decision": lambda _: {"decision": "different"},
    "POST /migrant/v1/certificates": lambda known: {
        "person_id": known.get("person_id"),
        "claims": ["name"],
        "facts": {"home_region": REGION, "name": "王芳"},
    },
    "POST /migrant/v1/certificate-requests": lambda known: {
        "person_id": known.get("person_id"),
        "claims": ["name"],
    },
    "POST /migrant/v1/certificate-requests/{request_id}/decision": lambda _: {
        "issue": False,
    },
    "POST /migrant/v1/certificate-presentations": lambda _: {
        "credential": CERTIFICATE,
        "claims": ["name"],
    },
    "POST /migrant/v1/certificate-papers": lambda _: {"credential": CERTIFICATE},
    "POST /migrant/v1/arrivals": lambda _: {"id_number": MOTHER, "phone": "13900000001"},
    "PUT /migrant/v1/trusted-issuers/{issuer}": lambda _: {
        "jwks": {"keys": [ECKey.generate_key("P-256").as_dict(private=False)]},
    },
    "POST /exchange/v1/partners": lambda _: {
        "jwks": KEYS,
        "sender_id": "spmis.example.org",
        "address": "https://spmis.example.org/dci",
        "profiles": ["civil"],
        "purposes": ["civil-registration"],
    },
    "POST /exchange/v1/participants": lambda _: {"jwks": KEYS, "region_prefixes": ["420381"]},
    "PUT /exchange/v1/participants/{node_id}": lambda _: signed(make_record()),
    "POST /exchange/v1/renewals": lambda _: signed(make_record()),
    "POST /exchange/v1/keys": lambda _: {"not_before": None},
    "POST /assessment/v1/vetoes": lambda _: {"period": "2025"},
    "POST /migrant/v1/supply-dispensings": lambda _: {"code": "0123456789ABT"},
    "POST /migrant/v1/supply-reports": lambda _: {
        "dispensings": [
            {
                "reference": "1",
                "code": "0123456789ABT",
                "item": "leaflets",
                "day": "2026-06-01",
            }
        ]
    },
    "POST /migrant/v1/claims": lambda _: {
        "service": "basic-service",
        "amount_fen": 4550,
        "account": None,
    },
    "POST /migrant/v1/claims/{claim_id}/correction": lambda _: {"amount_fen": 4560},
    "POST /migrant/v1/benefit-lines/{line_id}/recoveries": lambda _: {"amount_fen": 100},
    "POST /migrant/v1/bank-profiles": lambda _: {
        "profile": json.loads(Path("services/migrant/claims/bank_profiles.json").read_text())[0]
    },
    "POST /migrant/v1/claim-rules": lambda _: {"code": "own-rule", "source": "县文件"},
    "POST /migrant/v1/benefit-programmes": lambda _: make_programme(),
    "POST /migrant/v1/benefit-lists": lambda _: {"programme": "hardship-aid"},
    "POST /migrant/v1/benefit-lists/{list_id}/lines": lambda _: {"lines": [make_line()]},
    "POST /migrant/v1/benefit-lists/{list_id}/approval": lambda _: {"content_hash": "0" * 64},
    "POST /migrant/v1/places": _place,
    "PUT /migrant/v1/places/{place_id}": _place,
    "PUT /migrant/v1/catalogue/{code}": lambda _: {"entry": None, "effective_from": "2036-01-01"},
    "POST /migrant/v1/referrals": lambda _: {"entitlement": "legal-aid"},
    "POST /migrant/v1/referrals/{referral_id}/service": lambda _: {"delivered_on": str(today())},
    "POST /migrant/v1/service-records/{record_id}/correction": lambda _: {"service": "training"},
    "POST /migrant/v1/self-registration-searches": lambda _: {"id_number": MOTHER, "code": None},
    "POST /migrant/v1/consents": lambda _: {"phone": "13900000001"},
    "POST /migrant/v1/consent-withdrawals": lambda known: {
        "person_id": known.get("person_id", str(new_id())),
        "purposes": ["follow-up"],
    },
    "PUT /migrant/v1/people/{person_id}/contact-choice": lambda _: {"channel": "none"},
    "POST /migrant/v1/appointments": lambda known: make_appointment(
        known.get("person_id", str(new_id())), known.get("place_id", str(new_id()))
    ),
    "POST /migrant/v1/appointments/{appointment_id}/move": lambda _: {"at": in_days(3)},
    "POST /notify/v1/campaigns": lambda _: {"variables": make_message()["variables"]},
    "PUT /notify/v1/campaigns/{campaign_id}": lambda _: {"variables": make_message()["variables"]},
    "POST /notify/v1/campaigns/{campaign_id}/trial": lambda _: {"phones": ["13900000009"]},
    "PUT /notify/v1/publicity-days": lambda _: {"month": 3, "day": 8, "text_zh": "您好。"},
    "POST /exchange/v1/notices": lambda _: make_notice(),
    "POST /exchange/v1/inquiries": lambda _: make_inquiry(person_id=make_handover()["person_id"]),
    "POST /exchange/v1/objections": lambda known: {
        "person_id": make_handover()["person_id"],
        "record_id": known.get("/exchange/v1/inquiries/", str(new_id())),
        "about": "link",
    },
    "POST /exchange/v1/inquiry-cases": lambda _: make_case(),
    "POST /exchange/v1/inquiry-templates": lambda _: make_template_of_inquiries(),
    "PUT /exchange/v1/inquiry-templates/{template_id}": lambda _: make_template_of_inquiries(),
    "PUT /exchange/v1/calendar-years/{year}": lambda _: make_year(2027),
    "PUT /exchange/v1/desk-members/{sub}": lambda _: {"region": REGION},
    "POST /exchange/v1/handovers": lambda _: make_handover(),
    "POST /exchange/v1/reconciliations": lambda _: {
        "peer": make_record()["id"],
        "since": today().isoformat(),
        "until": today().isoformat(),
    },
    "POST /exchange/v1/agreements": lambda _: make_agreement(peer=make_record()["id"]),
    "POST /exchange/v1/agreements/{agreement_id}/end": lambda _: {"last_day": today().isoformat()},
    "POST /exchange/v1/monthly-figures": lambda _: make_figures(to_node=make_record()["id"]),
    "POST /exchange/dci/registry/notify": lambda _: {"signature": "x", "header": {}, "message": {}},
    "POST /exchange/dci/registry/notify/batch": lambda _: {"messages": []},
    "POST /assessment/v1/indicators": lambda _: make_share(),
    "POST /assessment/v1/schemes": lambda _: make_scheme(),
    "POST /assessment/v1/schemes/{code}/publication": lambda _: {"version": 1},
    "POST /assessment/v1/schemes/{code}/what-ifs": lambda _: {"version": 1} | WHAT_IF_SPAN,
    "POST /assessment/v1/annual-targets": lambda _: make_target(),
    "POST /assessment/v1/annual-targets/{code}/{year}/revision": lambda _: {
        "total": 24,
        "cells": [[1] * 12, [1] * 12],
    },
    "POST /assessment/v1/monthly-reviews": lambda _: {"month": "2026-05"},
    "POST /assessment/v1/spot-checks": lambda _: {
        "area": REGION,
        "kind": "help_settled",
        "period": "2026-05",
        "margin": "0.05",
        "confidence": "0.95",
    },
    "POST /assessment/v1/scorecards": lambda _: {"scheme": "county-2026"},
    "POST /assessment/v1/improvement-plans": lambda _: {"review_on": "2026-12-01"},
    "POST /notify/v1/templates": lambda _: make_template(),
    "POST /notify/v1/templates/preview": lambda _: {
        "template": "help-rating",
        "template_id": None,
        "language": "zh-CN",
        "variables": {"number": "A1"},
    },
    "PUT /notify/v1/templates/{template_id}/providers/{provider}": lambda _: {"code": "SMS_1"},
    "POST /notify/v1/digest-recipients": lambda _: {"phone": "13900000008", "office": None},
    "POST /notify/v1/messages": lambda _: (
        make_message()
        | {
            "template": "weekly-digest",
            "variables": {"week_start": "2026-06-01", "open": 1, "overdue": 0, "settled": 2},
            "purpose": "official",
            "to": {"phone": "13900000009"},
        }
    ),
    "POST /notify/v1/messages/batch": lambda _: {"messages": [make_message()]},
    "POST /notify/v1/opt-outs": lambda _: {"phone": "13900000001"},
}
CITY = {"node_level": "city", "node_id": "city-4203", "region": "4203"}
# What a colleague does once it is drafted, or nothing after it could be tried.
SECOND_PERSON = {
    "POST /assessment/v1/schemes": (
        "UPDATE schemes SET published_at = now(), published_by = 'colleague'"
    ),
}
# Settings under which a service has the most to answer.
SETTINGS: dict[str, dict[str, Any]] = {
    "exchange": {"city_jwks": json.dumps(key_set(CITY_KEY.public_jwk()))},
    "notify": {
        "sending": ALWAYS,
        "providers": [{"name": "simulator", "url": "http://127.0.0.1:9", "secret": SECRET}],
    },
}
