"""What others publish and we claim to follow: CloudEvents 1.0 and the Estonian data tracker."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator, Draft202012Validator

from shared.contracts import SERVICES, events, openapi
from shared.envelope import envelope
from shared.ids import new_id
from shared.testing import EVENT_VAULT, Issuer, client_of
from tests.conftest import ServiceFactory
from tests.contracts.event_samples import sample

SPECS = Path(__file__).parent / "specs"
CLOUDEVENTS = Draft7Validator(
    json.loads((SPECS / "cloudevents_v1.0.2.schema.json").read_text()),
    format_checker=Draft7Validator.FORMAT_CHECKER,
)
TRACKER = yaml.safe_load((SPECS / "ee_data_tracker_v2.1.0.yaml").read_text())


@pytest.mark.parametrize("event", events(), ids=lambda event: event.event_type)
def test_every_event_travels_as_a_cloudevent(event: Any) -> None:
    text = envelope(
        sample(event),
        new_id(),
        "/county-420325/registry",
        datetime.now(UTC),
        EVENT_VAULT,
        actor="clerk-1",
        correlation_id="c",
        causation_id=None,
    )
    members = json.loads(text)
    CLOUDEVENTS.validate(members)
    assert members["specversion"] == "1.0"
    assert event.opened(members["data"], EVENT_VAULT) is not None


def tracker_schema(name: str) -> Draft202012Validator:
    schema = {"$ref": f"#/components/schemas/{name}", "components": TRACKER["components"]}
    return Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)


@pytest.mark.parametrize("service", SERVICES)
async def test_every_service_tracks_usage_in_the_published_shape(
    start_service: ServiceFactory, issuer: Issuer, service: str
) -> None:
    subject = new_id()
    token = issuer.token(sub=str(subject), scope="self")
    base = f"/{service}/datatracker/v2"
    async with start_service(service) as app, client_of(app, token) as client:
        client.headers["X-Road-UserId"] = str(subject)
        async with app.state.database.transaction(app.state.service_actor) as tx:
            tx.saw(subject, "person")
        found = await client.get(f"{base}/findUsage", params={"userCode": str(subject)})
        period = await client.get(f"{base}/usagePeriod")
        alive = await client.get(f"{base}/heartbeat")
        stranger = await client.get(f"{base}/findUsage", params={"userCode": str(new_id())})
    assert found.json()["totalUsages"] == 1
    for answer, name in (
        (found, "FindUsageResponse"),
        (period, "UsagePeriodResponse"),
        (alive, "HeartbeatResponse"),
    ):
        assert answer.status_code == 200
        tracker_schema(name).validate(answer.json())
    assert stranger.status_code == 403


@pytest.mark.parametrize("service", SERVICES)
def test_the_tracker_takes_what_the_specification_says(service: str) -> None:
    paths = openapi(service)["paths"]
    for path, methods in TRACKER["paths"].items():
        ours = paths[f"/{service}/datatracker{path}"]["get"]
        wanted = {each["name"] for each in methods["get"].get("parameters", [])}
        assert wanted <= {each["name"] for each in ours.get("parameters", [])}


DESIGN = """
registry GET /regions; GET /regions/{}; POST /persons; GET /persons/{}; PATCH /persons/{};
 POST /person-searches; GET /persons/{}/history; POST /dwellings; POST /households;
 POST /birth-reports; GET /birth-reports/{}; POST /birth-reports/{}/registration;
 POST /death-reports; GET /death-reports/{}; POST /death-reports/{}/registration;
 POST /marriage-reports; GET /marriage-reports/{}; POST /marriage-reports/{}/registration;
 POST /imports; GET /imports/{}; GET /imports/{}/rejects; GET /population-bridge;
 GET /duplicates; POST /duplicates/{}/decision; GET /changes
migrant POST /arrivals; POST /departures; POST /employments; POST /certificates;
 GET /certificates/{}; POST /certificates/{}/revocation; POST /certificate-checks;
 GET /status-lists/{}; POST /consents; POST /consents/{}/withdrawal; GET /entitlements;
 POST /service-records; POST /appointments; POST /help-requests
exchange GET /participants; POST /notices; GET /notices; POST /inquiries; GET /inquiries;
 GET /inquiries/{}; POST /inquiries/{}/{}; GET /evidence/head; GET /evidence/proofs/{}
assessment GET /indicators; POST /indicators; GET /schemes; POST /schemes; GET /scorecards;
 GET /scorecards/{}/evidence; POST /appeals
notify POST /templates; POST /messages; GET /messages/{}; POST /campaigns; POST /opt-outs;
 POST /receipts/{}; POST /inbound/{}
"""


def promised() -> list[tuple[str, str, str]]:
    """(service, method, path) of every path that callers already build against."""
    found = []
    for block in DESIGN.strip().replace("\n ", " ").splitlines():
        service, _, rest = block.partition(" ")
        found += [(service, *each.split()) for each in rest.split(";") if each.strip()]
    return found  # type: ignore[return-value]


@pytest.mark.parametrize("service", SERVICES)
def test_every_promised_path_is_served(service: str) -> None:
    import re

    served = {
        (method.upper(), re.sub(r"\{[^}]+\}", "{}", path).removeprefix(f"/{service}/v1"))
        for path, methods in openapi(service)["paths"].items()
        for method in methods
    }
    wanted = {(method, path) for name, method, path in promised() if name == service}
    assert len(wanted) > 6
    assert wanted - served == set()
