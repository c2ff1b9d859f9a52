"""`yipan exchange …`: what waits for other nodes, and an operator's decisions about it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
import httpx

from deploy.box.client import box_client, said
from deploy.box.errors import BoxError

_STATES = ["queued", "sending", "delivered", "failed", "given-up", "diverted"]
_REASON = click.option("--reason", required=True, help="kept beside the decision")
_MESSAGE = click.argument("message")


@click.group()
@click.option(
    "--data",
    default="box",
    show_default=True,
    type=click.Path(path_type=Path, resolve_path=True),
    help="data folder",
)
@click.option("--url", help="of a node, e.g. http://127.0.0.1:8000 [default: the box]")
@click.option("--token", envvar="YIPAN_TOKEN", help="bearer token [default: of the box]")
@click.pass_context
def exchange(context: click.Context, data: Path, url: str | None, token: str | None) -> None:
    """Messages to other nodes: look at the queue, pause, retry, divert, give up."""
    context.obj = (data, url, token)


@contextmanager
def _client(context: click.Context) -> Iterator[httpx.Client]:
    try:
        with box_client(
            *context.obj, service="exchange", scope="exchange:admin", purpose="oversight"
        ) as client:
            yield client
    except (BoxError, httpx.TransportError) as error:
        zh = error.zh if isinstance(error, BoxError) else "服务没有应答。"
        click.echo(f"yipan: {error}\n一盘: {zh}", err=True)
        context.exit(1)


@exchange.command()
@click.pass_context
def queue(context: click.Context) -> None:
    """What waits for each peer, since when, and why."""
    with _client(context) as client:
        for each in said(client.get("/queue")):
            paused = f"paused 已暂停: {each['paused_reason']}" if each["paused_at"] else ""
            click.echo(
                f"{each['peer']}\t待发 {each['queued'] + each['sending']}\t"
                f"失败 {each['failed']}\t放弃 {each['given_up']}\t"
                f"最早 {each['oldest_waiting'] or '-'}\t{each['last_error'] or ''}\t{paused}"
            )


@exchange.command()
@click.option("--peer")
@click.option("--state", type=click.Choice(_STATES))
@click.pass_context
def messages(context: click.Context, peer: str | None, state: str | None) -> None:
    """Messages on their way out, newest first; never what they say."""
    query = {"peer": peer, "state": state}
    with _client(context) as client:
        for each in _all(client, "/queue/messages", {k: v for k, v in query.items() if v}):
            click.echo(
                f"{each['message_id']}\t{each['to_node']}\t{each['kind']}\t{each['state']}\t"
                f"tries {each['attempts']}\t{each['last_error'] or ''}"
            )


@exchange.command()
@click.pass_context
def refusals(context: click.Context) -> None:
    """Messages of others that were refused, and why."""
    with _client(context) as client:
        for each in _all(client, "/refusals", {}):
            click.echo(f"{each['at']}\t{each['sender_id']}\t{each['code']}\t{each['reason']}")


@exchange.command()
@click.argument("peer")
@_REASON
@click.pass_context
def pause(context: click.Context, peer: str, reason: str) -> None:
    """Send nothing to a peer for now."""
    _decide(context, f"/queue/peers/{peer}/pause", {"reason": reason})


@exchange.command()
@click.argument("peer")
@click.pass_context
def resume(context: click.Context, peer: str) -> None:
    """Send to a peer again."""
    _decide(context, f"/queue/peers/{peer}/resumption", {})


@exchange.command()
@_MESSAGE
@click.pass_context
def retry(context: click.Context, message: str) -> None:
    """Send a message now, also one that had failed."""
    _decide(context, f"/queue/messages/{message}/retry", {})


@exchange.command("give-up")
@_MESSAGE
@_REASON
@click.pass_context
def give_up(context: click.Context, message: str, reason: str) -> None:
    """Try a message no more."""
    _decide(context, f"/queue/messages/{message}/giving-up", {"reason": reason})


@exchange.command()
@_MESSAGE
@click.option("--to", "node", required=True, help="another participant")
@_REASON
@click.pass_context
def divert(context: click.Context, message: str, node: str, reason: str) -> None:
    """Send what a notice says to another participant instead."""
    body = {"to_node": node, "reason": reason}
    _decide(context, f"/queue/messages/{message}/diversion", body)


def _decide(context: click.Context, path: str, body: Mapping[str, str]) -> None:
    with _client(context) as client:
        state = said(client.post(path, json=body))
        click.echo((state or {}).get("state", "done 完成"))


def _all(client: httpx.Client, path: str, query: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """The items of every page of a list."""
    cursor: str | None = None
    while True:
        page = said(client.get(path, params={**query, **({"cursor": cursor} if cursor else {})}))
        yield from page["items"]
        cursor = page["next"]
        if cursor is None:
            return
