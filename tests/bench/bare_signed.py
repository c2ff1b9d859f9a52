"""The limit of a signed inquiry: a bare ASGI application that verifies the signature of what was
posted and answers with a signed receipt. No policy, no look-up, no log, no database. Posted to
/unsigned it only reads the JSON; posted to /kept it also enters the message in a table, one row in
a transaction of its own. Over TLS where the environment names a certificate."""

import json
import os

import asyncpg
import uvicorn

from shared.signing import JsonObject, SigningKey, sign_compact, verify_detached
from shared.telemetry import Receive, Scope, Send

_key = SigningKey.generate()
_jwks: JsonObject = json.loads(os.environ.get("BENCH_JWKS", "{}"))
_pool: asyncpg.Pool | None = None


async def _live(receive: Receive, send: Send) -> None:
    global _pool
    await receive()
    if "BENCH_DSN" in os.environ:
        size = int(os.environ["BENCH_POOL"])
        _pool = await asyncpg.create_pool(os.environ["BENCH_DSN"], min_size=size, max_size=size)
    await send({"type": "lifespan.startup.complete"})
    await receive()
    if _pool is not None:
        await _pool.close()
    await send({"type": "lifespan.shutdown.complete"})


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "lifespan":
        await _live(receive, send)
        return
    parts = []
    while True:
        event = await receive()
        parts.append(event.get("body", b""))
        if not event.get("more_body"):
            break
    said = json.loads(b"".join(parts))
    answer: JsonObject = {"ack_status": "ACK"}
    if scope["path"] != "/unsigned":
        body: JsonObject = {"header": said["header"], "message": said["message"]}
        verify_detached(said["signature"], body, _jwks)
        if scope["path"] == "/kept":
            assert _pool is not None
            values = said["header"]["message_id"], b"".join(parts)
            await _pool.execute("INSERT INTO kept_messages VALUES ($1, $2)", *values)
        claims: JsonObject = {"message_id": said["header"]["message_id"]}
        answer["receipt"] = sign_compact(claims, _key, "yipan-receipt")
    content = json.dumps({"message": answer}).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(content)).encode()),
    ]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": content})


if __name__ == "__main__":
    uvicorn.run(
        app,
        host="127.0.0.1",
        port=int(os.environ["BENCH_PORT"]),
        access_log=False,
        log_level="warning",
        server_header=False,
        ssl_certfile=os.environ.get("BENCH_CERTIFICATE"),
        ssl_keyfile=os.environ.get("BENCH_CERTIFICATE_KEY"),
    )
