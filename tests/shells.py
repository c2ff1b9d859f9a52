"""The yipan command in a thread, against a service that this process serves on a port."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import uvicorn
from click.testing import CliRunner, Result
from fastapi import FastAPI

from deploy.box.cli import main
from deploy.box.fleet import free_ports

Shell = Callable[..., asyncio.Future[Result]]


@asynccontextmanager
async def shell_of(
    app: FastAPI, arrange: Callable[[tuple[str, ...], list[str]], list[str]], token: str
) -> AsyncIterator[Shell]:
    """A function that runs the command. `arrange` gets what it was called with and the options that
    tell where the service is, and returns the whole command line."""
    (port,) = free_ports(1)
    config = uvicorn.Config(app, port=port, lifespan="off", log_level="warning")
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)

    def invoke(*arguments: str) -> asyncio.Future[Result]:
        where = ["--url", f"http://127.0.0.1:{port}", "--token", token]
        every = arrange(arguments, where)
        return asyncio.ensure_future(asyncio.to_thread(CliRunner().invoke, main, every))

    yield invoke
    server.should_exit = True
    await task
