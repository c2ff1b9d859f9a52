"""A node of the exchange as the bench runs it: its desks' door over plain HTTP, and the door for
other nodes over mutual TLS, both in one process as in a box. Configured by YIPAN_… variables,
`BENCH_PORT` and `BENCH_PEER_PORT`."""

import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
import uvloop

from deploy.box.peer_door import PeerDoor, tls_options
from deploy.service import leave_to_stay
from services.exchange.app import create
from services.exchange.settings import Settings
from shared.telemetry import configure_logging


class _Server(uvicorn.Server):
    """One of two in a process: the signals are the other's."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _config(app: Any, port: int, **options: Any) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        host="127.0.0.1",
        port=port,
        access_log=False,
        log_config=None,
        server_header=False,
        timeout_graceful_shutdown=2,
        **options,
    )


async def main() -> None:
    """Until SIGTERM."""
    settings = Settings()
    configure_logging(settings.log_level)
    app = create(settings)
    leave_to_stay()
    tls = tls_options(app.state.door_context)
    peer_port = int(os.environ["BENCH_PEER_PORT"])
    peers = _Server(_config(PeerDoor(app), peer_port, lifespan="off", **tls))
    desks = uvicorn.Server(_config(app, int(os.environ["BENCH_PORT"])))
    serving = asyncio.create_task(peers.serve())
    await desks.serve()
    peers.should_exit = True
    await serving


if __name__ == "__main__":
    uvloop.run(main())
