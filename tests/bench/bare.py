"""The limit of a look-up: a bare ASGI application and asyncpg, with the same SELECT and nothing
else. No token, no jurisdiction, no decryption, no usage entry, no framework."""

import json
import os
from uuid import UUID

import asyncpg
import uvicorn

from shared.telemetry import Receive, Scope, Send

_pool: asyncpg.Pool | None = None


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    global _pool
    if scope["type"] == "lifespan":
        await receive()
        _pool = await asyncpg.create_pool(
            os.environ["BENCH_DSN"], min_size=1, max_size=int(os.environ["BENCH_POOL"])
        )
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await _pool.close()
        await send({"type": "lifespan.shutdown.complete"})
        return
    assert _pool is not None
    row = await _pool.fetchrow(
        "SELECT * FROM persons WHERE id = $1", UUID(scope["path"].rsplit("/", 1)[1])
    )
    body = json.dumps(dict(row or {}), default=str).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
    ]
    await send({"type": "http.response.start", "status": 200 if row else 404, "headers": headers})
    await send({"type": "http.response.body", "body": body})


if __name__ == "__main__":
    uvicorn.run(
        app,
        host="127.0.0.1",
        port=int(os.environ["BENCH_PORT"]),
        access_log=False,
        log_level="warning",
        server_header=False,
    )
