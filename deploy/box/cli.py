"""The `yipan` command."""

import asyncio
import json
import sys
from collections.abc import Coroutine
from datetime import datetime
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import click
import uvloop

from deploy import service as services
from deploy.box.certificates import certificate
from deploy.box.databases import SERVICES, new_passwords
from deploy.box.errors import BoxError
from deploy.box.exchange import exchange
from deploy.box.keys import load_keys, make_token, random_key
from deploy.box.operate import opened
from shared.deadletters import give_up, list_dead_letters, replay

Result = TypeVar("Result")

DATA = click.option(
    "--data",
    default="box",
    show_default=True,
    type=click.Path(path_type=Path, resolve_path=True),
    help="data folder",
)


SERVICE = click.argument("service", type=click.Choice(SERVICES))


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Yipan (一盘): population and migrant services of a county."""


def _fail(error: BoxError) -> NoReturn:
    click.echo(f"yipan: {error}\n一盘: {error.zh}", err=True)
    sys.exit(1)


@main.command()
@DATA
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option("--peer-port", type=click.IntRange(1, 65535), help="HTTPS door for other nodes")
@click.option("--region", default="420325", show_default=True, help="county (6 digits) or city (4)")
@click.option("--bus", default="embedded", type=click.Choice(["embedded", "kafka"]))
@click.option("--any-hour", is_flag=True, help="send texts outside decent hours too")
@click.option("--sample/--no-sample", default=True, help="load the sample county's people")
def run(
    data: Path,
    port: int,
    peer_port: int | None,
    region: str,
    bus: str,
    any_hour: bool,
    sample: bool,
) -> None:
    """A county in a box, until Ctrl-C."""
    from deploy.box import box as boxes  # the services load slowly; other commands need none

    if len(region) not in (4, 6) or not region.isdigit():
        raise click.BadParameter("4 digits for a city, 6 for a county", param_hint="region")
    options = boxes.BoxOptions(
        data=data,
        port=port,
        peer_port=peer_port,
        region=region,
        bus=bus,
        any_hour=any_hour,
        sample=sample,
    )
    try:
        uvloop.run(boxes.run(options))
    except BoxError as error:
        _fail(error)


@main.command()
@DATA
@click.option("--sub", required=True, help="who: staff id, or a person's id")
@click.option("--region", required=True, help="jurisdiction prefix, e.g. 420325")
@click.option("--scope", required=True, help='e.g. "registry:read registry:write"')
@click.option("--org", default="welcome-desk", show_default=True, help="office or credit code")
@click.option("--name", default="", help="shown in nobody's log")
@click.option("--hours", default=24, show_default=True, type=click.IntRange(1, 24 * 31))
def token(data: Path, sub: str, region: str, scope: str, org: str, name: str, hours: int) -> None:
    """Print a bearer token of the box's own issuer."""
    try:
        keys = load_keys(data)
    except BoxError as error:
        _fail(error)
    click.echo(
        make_token(
            keys, sub=sub, region=region, scope=scope, org=org, name=name, seconds=hours * 3600
        )
    )


@main.command("import")
@click.argument(
    "file", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@DATA
@click.option("--url", help="of a node, e.g. http://127.0.0.1:8000 [default: the box]")
@click.option("--token", envvar="YIPAN_TOKEN", help="bearer token [default: of the box]")
@click.option("--as-of", type=click.DateTime(["%Y-%m-%d"]), help="day the roster tells of")
@click.option("--follow", metavar="ID", help="look at an import that runs already")
@click.option(
    "--rejects",
    type=click.Path(dir_okay=False, path_type=Path),
    default="rejects.xlsx",
    show_default=True,
    help="where the refused lines go, with the reason beside each",
)
def import_file(
    file: Path | None,
    data: Path,
    url: str | None,
    token: str | None,
    as_of: datetime | None,
    follow: str | None,
    rejects: Path,
) -> None:
    """Import a roster (CSV or XLSX), show its progress, fetch its rejects."""
    from deploy.box.client import box_client
    from deploy.box.importing import run_import

    scope = "registry:read registry:write"
    try:
        with box_client(
            data, url, token, service="registry", scope=scope, purpose="registration"
        ) as client:
            whole = run_import(client, file, follow, as_of.date() if as_of else None, rejects)
    except BoxError as error:
        _fail(error)
    if not whole:
        sys.exit(1)


@main.command()
@click.option("--bus", default="embedded", type=click.Choice(["embedded", "kafka"]))
def demo(bus: str) -> None:
    """Two counties and a city exchange as one board."""
    from deploy.box.demo import run_demo

    _run(run_demo(bus))


@main.command()
@SERVICE
@click.option("--host", default="0.0.0.0", show_default=True)  # noqa: S104 inside a container
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
def serve(service: str, host: str, port: int) -> None:
    """One service on its own, configured by YIPAN_… variables."""
    try:
        services.serve(service, host, port)
    except BoxError as error:
        _fail(error)


@main.command()
@SERVICE
def migrate(service: str) -> None:
    """Bring one service's database to the newest version."""
    try:
        asyncio.run(services.migrate_service(service))
    except BoxError as error:
        _fail(error)


@main.command()
def keys() -> None:
    """Print fresh secrets for deploy/compose/.env or a Kubernetes secret."""
    for role, password in new_passwords().items():
        if role != "yipan_bus":
            click.echo(f"{role.upper()}_PASSWORD={password}")
    click.echo(f"POSTGRES_PASSWORD={new_passwords()['yipan_bus']}")
    for service in SERVICES:
        click.echo(f"YIPAN_{service.upper()}_FIELD_KEY={random_key()}")
        click.echo(f"YIPAN_{service.upper()}_INDEX_KEY={random_key()}")
    click.echo(f"YIPAN_EVENT_KEY={random_key()}")


@main.group("dead-letters")
def dead_letters() -> None:
    """Events that could not be applied: look, replay, give up."""


@dead_letters.command("list")
@SERVICE
@DATA
@click.option("--settled", is_flag=True, help="also those settled before")
def list_letters(service: str, data: Path, settled: bool) -> None:
    """What failed, when, how often and why."""

    async def show() -> None:
        async with opened(service, data) as box, box.database.acquire() as connection:
            for row in await list_dead_letters(connection, settled=settled):
                state = row["settled_as"] or "open"
                click.echo(
                    f"{row['id']}\t{row['failed_at']:%Y-%m-%d %H:%M:%S}\t{row['event_type']}\t"
                    f"tries {row['attempts']}\t{state}\t{row['reason']}"
                )

    _run(show())


@dead_letters.command("replay")
@SERVICE
@click.argument("ids", nargs=-1, type=int, required=True)
@DATA
def replay_letters(service: str, ids: tuple[int, ...], data: Path) -> None:
    """Deliver letters again through the ordinary door."""

    async def again() -> bool:
        async with opened(service, data) as box, box.database.acquire() as connection:
            applied = {each: await replay(connection, box.loop, each) for each in ids}
        for each, done in applied.items():
            click.echo(f"{each}\t{'applied' if done else 'failed again, or not open'}")
        return all(applied.values())

    if not _run(again()):
        sys.exit(1)


@dead_letters.command("give-up")
@SERVICE
@click.argument("letter", type=int)
@click.option("--reason", required=True)
@DATA
def give_up_letter(service: str, letter: int, reason: str, data: Path) -> None:
    """Settle a letter without applying it."""

    async def settle() -> bool:
        async with opened(service, data) as box, box.database.acquire() as connection:
            return await give_up(connection, letter, reason)

    if not _run(settle()):
        click.echo(f"{letter} is not open", err=True)
        sys.exit(1)


@main.group()
def evidence() -> None:
    """The log that proves what was exchanged."""


@evidence.command("verify")
@click.argument("export", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--jwks",
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="the node's public keys: /exchange/.well-known/jwks.json",
)
@click.option(
    "--head",
    "heads",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="a signed head that somebody else kept; may be given again",
)
@click.option(
    "--city",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="the city's public keys, got from the city itself",
)
def verify_evidence(export: Path, jwks: Path, heads: tuple[Path, ...], city: Path | None) -> None:
    """Check an exported log offline: every leaf, every head, that it only ever grew, and who else
    signed for it."""
    from services.exchange.evidence.verify import verify_export

    kept = [path.read_text().strip() for path in heads]
    anchor = json.loads(city.read_text()) if city is not None else None
    report = verify_export(export, json.loads(jwks.read_text()), kept, anchor)
    click.echo(f"{report.leaves} leaves, {report.heads} heads, {report.verified_size} covered")
    for peer, size in sorted(report.vouched.sizes.items()):
        click.echo(f"{size} countersigned by 会签 {peer}")
    for peer, size in sorted(report.vouched.peers.items()):
        click.echo(f"{peer} signed for {size} leaves of its own log 对方日志签名")
    for peer in sorted(report.vouched.forked):
        click.echo(f"{peer} signed two different logs 对方签了两份不同的日志")
    for peer in sorted(report.vouched.unknown):
        click.echo(f"not checked: nobody vouches for the keys of 未核验 {peer}")
    for node, kids in sorted(report.vouched.anchors.items()):
        click.echo(f"compare with the city 请与市节点核对 {node}: {', '.join(kids)}")
    for finding in report.findings:
        click.echo(f"leaves {finding.first} to {finding.end}: {finding.what}")
    if not report.ok or report.verified_size < report.leaves:
        click.echo("does not verify 验证未通过", err=True)
        sys.exit(1)
    click.echo("verifies 验证通过")


main.add_command(certificate)
main.add_command(exchange)


def _run(work: Coroutine[Any, Any, Result]) -> Result:
    try:
        return asyncio.run(work)
    except BoxError as error:
        _fail(error)
