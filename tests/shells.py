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

    def invoke(*arguments: str) -> asyncio.Future[Result]:
        where = ["--url", f"http://127.0.0.1:{port}", "--token", token]
        every = arrange(arguments, where)
        return asyncio.ensure_future(asyncio.to_thread(CliRunner().invoke, main, every))

    async with served(app, port):
        yield invoke


@asynccontextmanager
async def served(app: FastAPI, port: int) -> AsyncIterator[None]:
    """The app on a port of this machine, for what does not run in this process."""
    config = uvicorn.Config(app, port=port, lifespan="off", ws="none", log_level="warning")
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    try:
        yield
    finally:
        server.should_exit = True
        await task
