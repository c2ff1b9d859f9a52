"""`make check`, the part that is ours: rules of this code base that no linter knows.

1. Nothing commits but the doors. 2. Models and migrations agree (alembic check). 3. What others
build against is unchanged, or written anew by `make contracts`. Prints each fault; exit code 1.
"""

import ast
import asyncio
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from alembic import command
from alembic.util.exc import CommandError

from deploy.box.databases import (
    SERVICES,
    alembic_config,
    create_databases,
    migrate,
    new_passwords,
    owner_dsn,
)
from deploy.box.postgres import Postgres
from shared.contracts import FOLDER, documents, render

ROOT = Path(__file__).parents[1]
DOORS = {"shared/db.py", "shared/consumer.py", "shared/migrations.py"}
STATEMENTS = ("commit", "begin", "rollback", "savepoint", "start transaction")


def stray_commits() -> Iterator[str]:
    """Calls of .commit() or .transaction() on a connection, and transaction statements in SQL,
    outside the doors."""
    for path in sorted([*ROOT.glob("services/**/*.py"), *ROOT.glob("shared/**/*.py")]):
        name = str(path.relative_to(ROOT))
        if name in DOORS or name.startswith(("shared/bus/", "shared/testing")):
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and _commits(node):
                yield f"{name}:{node.lineno}: only the doors begin and end transactions"


def _commits(call: ast.Call) -> bool:
    function = call.func
    if isinstance(function, ast.Attribute) and function.attr == "commit":
        return True
    first = call.args[0] if call.args else None
    return (
        isinstance(function, ast.Attribute)
        and function.attr == "execute"
        and isinstance(first, ast.Constant)
        and isinstance(first.value, str)
        and first.value.strip().lower().startswith(STATEMENTS)
    )


SERVICE_FILES = {"app", "auth", "base", "consumer", "errors", "settings", "tables", "__init__"}
OWN_FILES = {
    "registry": set(),
    "migrant": {"types"},
    "exchange": {"inbound", "peers"},
    "assessment": {"fields", "periods", "statistics"},
    "notify": {"housekeeping"},
}
LONGEST = 400  # lines; past it, a file is split by use case


def misplaced_files() -> Iterator[str]:
    """A file nobody would look for there, or one too long to read in one go."""
    for path in sorted(ROOT.glob("services/*/*.py")):
        service = path.parent.name
        if path.stem not in SERVICE_FILES | OWN_FILES[service]:
            yield f"{path.relative_to(ROOT)}: belongs to a feature"
    for path in sorted(ROOT.glob("services/*/*/")):
        rules = path.name not in ("migrations", "__pycache__")
        if rules and not (path / "__init__.py").exists():
            yield f"{path.relative_to(ROOT)}: a feature says in __init__.py what it is"
    for folder in ("services", "shared", "deploy"):
        for path in sorted(ROOT.glob(f"{folder}/**/*.py")):
            if len(path.read_text().splitlines()) > LONGEST:
                yield f"{path.relative_to(ROOT)}: longer than {LONGEST} lines"


def changed_contracts() -> Iterator[str]:
    made = documents()
    for name, document in made.items():
        path = FOLDER / name
        if not path.exists() or path.read_text() != render(document):
            yield f"{path.relative_to(ROOT)}: out of date; run make contracts and look at the diff"
    for path in FOLDER.glob("*.json"):
        if path.name not in made:
            yield f"{path.relative_to(ROOT)}: nothing makes this file"


async def unmigrated_models() -> list[str]:
    faults = []
    with tempfile.TemporaryDirectory() as folder, Postgres(Path(folder), durable=False) as postgres:
        passwords = new_passwords()
        await create_databases(postgres, passwords)
        for service in SERVICES:
            dsn = owner_dsn(postgres, service, passwords)
            await migrate(service, dsn)
            try:
                await asyncio.to_thread(command.check, alembic_config(service, dsn))
            except CommandError as error:
                faults.append(f"services/{service}: {error}")
    return faults


def main() -> int:
    faults = [
        *stray_commits(),
        *misplaced_files(),
        *changed_contracts(),
        *asyncio.run(unmigrated_models()),
    ]
    for fault in faults:
        print(fault)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
