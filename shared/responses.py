"""Problems as HTTP responses, and the language a caller reads."""

from fastapi.responses import JSONResponse

from shared.problems import Problem


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
        media_type="application/problem+json",
        headers=headers,
    )
