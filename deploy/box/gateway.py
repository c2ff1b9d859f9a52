"""The gateway of the box: one address, each path's first part names the service behind it."""

from collections.abc import Mapping

from fastapi.responses import PlainTextResponse

from shared.problems import NotFound
from shared.responses import problem_response
from shared.telemetry import App, Receive, Scope, Send

_INDEX = """Yipan (一盘)

{services}

Each has /<service>/docs, /<service>/openapi.json, /healthz, /readyz and /metrics beneath it.
"""


class Gateway:
    """ASGI: hands a request to the app its path begins with, the path unchanged."""

    def __init__(self, apps: Mapping[str, App]) -> None:
        self._apps = dict(apps)
        self._index = _INDEX.format(services="\n".join(f"/{name}/docs" for name in self._apps))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        service = scope["path"].split("/", 2)[1]
        app = self._apps.get(service)
        if app is not None:
            await app(scope, receive, send)
        elif not service:
            await PlainTextResponse(self._index)(scope, receive, send)
        else:
            headers = dict(scope["headers"])
            language = headers.get(b"accept-language", b"").decode("latin-1")
            await problem_response(NotFound(), language)(scope, receive, send)
