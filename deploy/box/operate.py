"""What an operator does to a running service's database from the shell: dead letters."""

import json
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from deploy.box.errors import BoxError
from deploy.box.keys import load_keys
from deploy.service import settings_of
from shared.actors import service_actor
from shared.bus import BusUnavailable, Message, Subscription
from shared.consumer import ConsumerLoop
from shared.crypto import Suite, Vault
from shared.db import Database
from shared.telemetry import Metrics


@dataclass(frozen=True)
class Opened:
    """A service's database, and the door its events come through."""

    database: Database
    loop: ConsumerLoop


class _NoBus:
    """Replaying needs no bus: the letter itself is delivered."""

    async def publish(self, messages: Sequence[Message]) -> None:
        raise BusUnavailable()

    def subscribe(
        self, group: str, topics: Sequence[str]
    ) -> AbstractAsyncContextManager[Subscription]:
        raise BusUnavailable()

    async def close(self) -> None: ...


@asynccontextmanager
async def opened(service: str, data: Path) -> AsyncIterator[Opened]:
    """The running box in `data`, or, where YIPAN_DATABASE_URL is set, the service it names."""
    dsn, vault, event_vault, node, region = _access(service, data)
    database = await Database.connect(
        dsn, size=2, vault=vault, event_vault=event_vault, source=f"/{node}/{service}"
    )
    try:
        consumer = import_module(f"services.{service}.consumer").consumer
        actor = service_actor(service, node, region)
        yield Opened(database, ConsumerLoop(consumer, database, _NoBus(), actor, Metrics()))
    finally:
        await database.close()


def _access(service: str, data: Path) -> tuple[str, Vault, Vault, str, str]:
    if "YIPAN_DATABASE_URL" in os.environ:
        given = settings_of(service)
        dsn, node, region = given.database_url.get_secret_value(), given.node_id, given.region
        field, index = given.field_key.get_secret_value(), given.index_key.get_secret_value()
        event, cipher = given.event_key.get_secret_value(), given.cipher
    else:
        note = _note(data)
        keys = load_keys(data)
        dsn, node, region = note["databases"][service], note["node_id"], note["region"]
        field, index, event = keys.field_keys[service], keys.index_keys[service], keys.event_key
        cipher = Suite.AES_256_GCM
    vault = Vault.from_text(field, index, cipher)
    return dsn, vault, Vault.from_text(event, index, cipher), node, region


def _note(data: Path) -> dict[str, Any]:
    try:
        note: dict[str, Any] = json.loads((data / "box.json").read_text())
    except FileNotFoundError:
        raise BoxError(f"No box runs on {data}.", f"{data} 上没有运行中的一体机。") from None
    return note
