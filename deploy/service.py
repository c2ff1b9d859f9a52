"""One service on its own, as in a container: settings from the environment, nothing embedded."""

import gc
import os
from importlib import import_module

import uvicorn
from pydantic import ValidationError

from deploy.box.databases import migrate
from deploy.box.errors import BoxError
from shared.settings import ServiceSettings
from shared.telemetry import configure_logging


def settings_of(service: str) -> ServiceSettings:
    """The service's settings. Raises BoxError that names each variable missing or wrong."""
    kind = import_module(f"services.{service}.settings").Settings
    try:
        settings = kind()
    except ValidationError as error:
        prefix = kind.model_config["env_prefix"]
        faults = ", ".join(
            f"{prefix}{each['loc'][0]}".upper() + f" ({each['type']})" for each in error.errors()
        )
        raise BoxError(
            f"Settings missing or wrong: {faults}.", f"配置缺失或有误: {faults}。"
        ) from None
    assert isinstance(settings, ServiceSettings)
    return settings


def serve(service: str, host: str, port: int) -> None:
    """Serve until SIGTERM; finishes requests under way first."""
    settings = settings_of(service)
    configure_logging(settings.log_level)
    app = import_module(f"services.{service}.app").create(settings)
    leave_to_stay()
    uvicorn.run(
        app,
        host=host,
        port=port,
        access_log=False,
        log_config=None,
        server_header=False,
        timeout_graceful_shutdown=20,
    )


def leave_to_stay() -> None:
    """What start-up made stays to the end: the garbage collector, which would look through all of
    it again and again while requests make objects, looks at it no more; and at what a request of a
    thousand lines makes, not after each line."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


async def migrate_service(service: str) -> None:
    """Bring the database to the newest version, as its owner (YIPAN_OWNER_DATABASE_URL)."""
    dsn = os.environ.get("YIPAN_OWNER_DATABASE_URL")
    if not dsn:
        raise BoxError(
            "YIPAN_OWNER_DATABASE_URL is not set.", "没有设置 YIPAN_OWNER_DATABASE_URL。"
        )
    await migrate(service, dsn)
