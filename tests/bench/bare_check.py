"""The limit of a certificate check: a bare ASGI application that verifies the token alone. No
caller, no status list, no entry of the check, no usage entry, no framework."""

import json
import os

import uvicorn
from joserfc.jwk import KeySet

from services.migrant.certificates import sdjwt
from shared.telemetry import Receive, Scope, Send

_keys = KeySet.import_key_set(json.loads(os.environ["BENCH_KEYS"]))


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body", False):
            break
    shown = sdjwt.parse(json.loads(body)["presentation"])
    sdjwt.verify_signature(shown, _keys)
    answer = json.dumps(sdjwt.disclosed(shown), ensure_ascii=False).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(answer)).encode()),
    ]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": answer})


if __name__ == "__main__":
    uvicorn.run(
        app,
        host="127.0.0.1",
        port=int(os.environ["BENCH_PORT"]),
        access_log=False,
        log_level="warning",
        server_header=False,
        lifespan="off",
    )
