"""The five databases and the bus log: roles, databases, migrations. For the box and the tests."""

import asyncio
import secrets
from importlib import resources
from pathlib import Path

from alembic import command
from alembic.config import Config

from deploy.box.postgres import Postgres
from shared.bus.embedded import prepare

SERVICES = ("registry", "migrant", "exchange", "assessment", "notify")
BUS_DATABASE = "yipan_bus"


def role_names() -> list[str]:
    """Every role that needs a password: an owner and an app role a service, and the bus."""
    return [
        name for service in SERVICES for name in (f"yipan_{service}_owner", f"yipan_{service}")
    ] + [BUS_DATABASE]


def new_passwords() -> dict[str, str]:
    return {role: secrets.token_urlsafe(24) for role in role_names()}


async def create_databases(postgres: Postgres, passwords: dict[str, str]) -> None:
    """Make roles and databases that are missing; set the passwords of those that are there."""
    for role in role_names():
        await postgres.create_role(role, passwords[role])
    for service in SERVICES:
        await postgres.create_database(f"yipan_{service}", f"yipan_{service}_owner")
    await postgres.create_database(BUS_DATABASE, BUS_DATABASE)


def app_dsn(postgres: Postgres, service: str, passwords: dict[str, str]) -> str:
    role = f"yipan_{service}"
    return postgres.dsn(role, role, passwords[role])


def owner_dsn(postgres: Postgres, service: str, passwords: dict[str, str]) -> str:
    role = f"yipan_{service}_owner"
    return postgres.dsn(f"yipan_{service}", role, passwords[role])


def alembic_config(service: str, dsn: str) -> Config:
    """Alembic's configuration for one service, without an .ini file."""
    config = Config()
    folder = Path(str(resources.files(f"services.{service}"))) / "migrations"
    config.set_main_option("script_location", str(folder))
    config.set_main_option("version_path_separator", "os")
    config.set_main_option("sqlalchemy.url", dsn.replace("%", "%%"))
    return config


async def migrate(service: str, dsn: str) -> None:
    """Bring one service's database to the newest version; `dsn` is the owner's."""
    await asyncio.to_thread(command.upgrade, alembic_config(service, dsn), "head")


def bus_dsn(postgres: Postgres, passwords: dict[str, str]) -> str:
    return postgres.dsn(BUS_DATABASE, BUS_DATABASE, passwords[BUS_DATABASE])


async def migrate_all(postgres: Postgres, passwords: dict[str, str]) -> None:
    """Bring all to the newest version, the log of the embedded bus included."""
    await prepare(bus_dsn(postgres, passwords))
    for service in SERVICES:  # one after the other: alembic's context is a process-wide proxy
        await migrate(service, owner_dsn(postgres, service, passwords))
