"""Problems as HTTP responses and as each OpenAPI document tells of them, and the language a caller
reads."""

from typing import Any, Final

from fastapi import FastAPI
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict

from shared.problems import Problem
from shared.telemetry import Scope

PROBLEM_JSON: Final = "application/problem+json"
_SCHEMA: Final = "#/components/schemas/Problem"
ERRORS: Final[dict[int | str, dict[str, Any]]] = {
    status: {"$ref": "#/components/responses/Problem", "description": said}
    for status, said in (("4XX", "What is wrong with the request"), ("503", "Not now: try again"))
}
"""How every operation answers what it does not do."""


class FieldErrorView(BaseModel):
    """What is wrong with one field; `field` is where it is, `body.name` for instance, and `reason`
    says it in words where there are any."""

    field: str
    code: str
    reason: str | None = None


class ProblemView(BaseModel):
    """RFC 9457 problem details. `type` is stable, the sentences are in the caller's language; some
    problems say more, in members of their own."""

    model_config = ConfigDict(title="Problem", extra="allow")

    type: str
    title: str
    status: int
    detail: str | None = None
    errors: list[FieldErrorView] | None = None


class DocumentedApi(FastAPI):
    """An application whose document holds what ERRORS refers to."""

    def openapi(self) -> dict[str, Any]:
        if self.openapi_schema is None:
            components = super().openapi().setdefault("components", {})
            problem = ProblemView.model_json_schema(ref_template="#/components/schemas/{model}")
            components.setdefault("schemas", {}).update(problem.pop("$defs"), Problem=problem)
            components["responses"] = {
                "Problem": {"description": "RFC 9457 problem details", "content": problem_content()}
            }
        return super().openapi()


def problem_content() -> dict[str, Any]:
    """The `content` of an answer that is a problem, for a document."""
    return {PROBLEM_JSON: {"schema": {"$ref": _SCHEMA}}}


def language_of(accept_language: str) -> str:
    """ "zh" or "en" by Accept-Language; Chinese where nothing is said."""
    ranked = []
    for place, part in enumerate(accept_language.lower().split(",")):
        tag, _, weight = part.strip().partition(";q=")
        try:
            quality = float(weight) if weight else 1.0
        except ValueError:
            quality = 0.0
        if tag[:2] in ("zh", "en"):
            ranked.append((-quality, place, tag[:2]))
    return min(ranked)[2] if ranked else "zh"


def problem_response(problem: Problem, accept_language: str) -> JSONResponse:
    language = language_of(accept_language)
    headers = {"Content-Language": language, "Cache-Control": "no-store"}
    if problem.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    if problem.status in (429, 503):
        headers["Retry-After"] = "5"
    return JSONResponse(
        problem.body(language),
        status_code=problem.status,
        media_type=PROBLEM_JSON,
        headers=headers,
    )


def problem_in(scope: Scope, problem: Problem) -> JSONResponse:
    """The same for middleware, which has the scope of a request."""
    language = dict(scope["headers"]).get(b"accept-language", b"")
    return problem_response(problem, language.decode("latin-1"))
