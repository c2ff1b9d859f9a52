"""Every operation says how it answers what it does not do, and answers so."""

import httpx
import pytest
from jsonschema import Draft202012Validator

from shared.contracts import SERVICES, openapi
from shared.responses import PROBLEM_JSON
from shared.testing import client_of
from tests.conftest import ServiceFactory


@pytest.mark.parametrize("service", SERVICES)
def test_every_operation_documents_its_errors(service: str) -> None:
    document = openapi(service)
    assert PROBLEM_JSON in document["components"]["responses"]["Problem"]["content"]
    assert "HTTPValidationError" not in document["components"]["schemas"]  # never given
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            answers = operation["responses"]
            refused = answers["4XX"]
            assert "$ref" in refused or PROBLEM_JSON in refused["content"], (method, path)
            assert "503" in answers, (method, path)


async def test_problems_are_as_documented(start_service: ServiceFactory) -> None:
    schemas = openapi("registry")["components"]["schemas"]
    problem = Draft202012Validator({**schemas["Problem"], "components": {"schemas": schemas}})
    async with start_service("registry") as app, client_of(app) as client:
        for answer in (
            await client.get("/registry/v1/none"),
            await client.get("/registry/v1/regions/42"),
            await client.put("/registry/v1/persons"),
            await client.post("/registry/v1/persons", content=b"{"),
        ):
            assert_problem(answer, problem)


def assert_problem(answer: httpx.Response, problem: Draft202012Validator) -> None:
    assert 400 <= answer.status_code < 500
    assert answer.headers["content-type"] == PROBLEM_JSON
    problem.validate(answer.json())
