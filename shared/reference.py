"""`/<service>/docs`: the operations of a service to read and try out, in Swagger UI (Apache-2.0).

Its script and style come from the package fastapi-offline (MIT), never from the internet: the
intranet of a county has none. The page runs nothing but these files and talks to nobody but this
service.
"""

import json
from importlib.resources import files
from pathlib import Path
from typing import Final

from fastapi import APIRouter
from fastapi.responses import FileResponse, HTMLResponse, Response

from shared.problems import NotFound

_FOLDER: Final = Path(str(files("fastapi_offline"))) / "static"
_ASSETS: Final = ("swagger-ui-bundle.js", "swagger-ui.css")
_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self';"
    " img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
_KEPT: Final = {"Cache-Control": "max-age=3600", "X-Content-Type-Options": "nosniff"}
_PAGE: Final = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="{at}/swagger-ui.css">
</head>
<body>
<div id="operations"></div>
<script src="{at}/swagger-ui-bundle.js"></script>
<script src="{at}/start.js"></script>
</body>
</html>
"""


def reference_router(service: str, title: str) -> APIRouter:
    """The page and its parts; all may read them, as they may the document that it shows."""
    at = f"/{service}/docs"
    router = APIRouter(prefix=at, include_in_schema=False)
    # Without a validator: the usual one would send the document's address to a server outside.
    shown = {
        "url": f"/{service}/openapi.json",
        "dom_id": "#operations",
        "deepLinking": True,
        "filter": True,
        "validatorUrl": None,
    }

    @router.get("")
    async def page() -> HTMLResponse:
        return HTMLResponse(_PAGE.format(title=title, at=at), headers=_HEADERS)

    @router.get("/start.js")
    async def start() -> Response:
        script = f"SwaggerUIBundle({json.dumps(shown)});"
        return Response(script, media_type="text/javascript", headers=_KEPT)

    @router.get("/{name}")
    async def asset(name: str) -> FileResponse:
        if name not in _ASSETS:
            raise NotFound()
        return FileResponse(_FOLDER / name, headers=_KEPT)

    return router
