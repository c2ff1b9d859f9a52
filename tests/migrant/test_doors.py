"""Every operation of this service asks who calls, except those that anybody may call."""

import httpx
from fastapi import FastAPI

PUBLIC = {
    ("get", "/migrant/v1/entitlements"),
    ("get", "/migrant/v1/openness"),
    ("get", "/migrant/v1/self-registration"),
    ("post", "/migrant/v1/self-registration"),
    ("get", "/migrant/v1/issuer-keys"),
    ("get", "/migrant/v1/status-lists/{list_id}"),
    ("get", "/migrant/healthz"),
    ("get", "/migrant/readyz"),
    ("get", "/migrant/metrics"),
}


async def test_anonymous_callers(client: httpx.AsyncClient, app: FastAPI) -> None:
    client.headers.pop("Authorization")
    document = app.openapi()
    operations = {
        (method, path) for path, methods in document["paths"].items() for method in methods
    }
    assert operations >= PUBLIC and len(operations) > 30
    for method, path in operations - PUBLIC:
        address = path.replace("{issuer}", "county-1").replace("{", "").replace("}", "")
        answer = await client.request(method, address)
        assert answer.status_code == 401, (method, path, answer.text)


async def test_every_operation_is_summarised(app: FastAPI) -> None:
    for path, methods in app.openapi()["paths"].items():
        for method, operation in methods.items():
            assert operation.get("summary"), (method, path)
