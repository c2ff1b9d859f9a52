"""`yipan exchange …`: what waits for other nodes, an operator's decisions about it, joining them,
our keys, and the foreign systems that ask us."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import click
import httpx

from deploy.box.client import box_client, said
from deploy.box.errors import BoxError
from deploy.box.joining import admit_node, join_city

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
    """Messages to other nodes: look at the queue, pause, retry, divert, give up. Keys. Partners."""
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


_OTHERS_KEY = click.option(
    "--key", required=True, help="the id of its signing key, as its operator reads it out"
)


@exchange.command()
@click.argument("city")
@_OTHERS_KEY
@click.pass_context
def join(context: click.Context, city: str, key: str) -> None:
    """Enter the record of our city, at the address CITY; says what the city's operator runs."""
    with _client(context) as client:
        join_city(client, city, key)


@exchange.command()
@click.argument("address")
@_OTHERS_KEY
@click.option("--role", "roles", multiple=True, help="what it may besides what its level may")
@click.option("--yes", "sure", is_flag=True, help="do not ask")
@click.pass_context
def admit(
    context: click.Context, address: str, key: str, roles: tuple[str, ...], sure: bool
) -> None:
    """As a city: sign the record of the node at ADDRESS. A new city admits itself first."""
    with _client(context) as client:
        admit_node(client, address, key, roles, sure=sure)


@exchange.group()
def keys() -> None:
    """Our signing keys: look, make the next one, end one."""


@keys.command("list")
@click.pass_context
def list_keys(context: click.Context) -> None:
    """Each key: since when it counts, which one signs, whether our city's record names it."""
    with _client(context) as client:
        _show_keys(client)


@keys.command()
@click.option("--at", metavar="TIME", help="ISO 8601 with zone [default: in a day]")
@click.pass_context
def rotate(context: click.Context, at: str | None) -> None:
    """Make the next key. Peers learn it from our city before it signs."""
    with _client(context) as client:
        said(client.post("/keys", json={"not_before": at} if at else {}))
        _show_keys(client)


@keys.command()
@click.argument("kid")
@click.pass_context
def retire(context: click.Context, kid: str) -> None:
    """End a key that does not sign any more; what it signed stays good."""
    with _client(context) as client:
        said(client.post(f"/keys/{kid}/retirement"))
        _show_keys(client)


@keys.command()
@click.argument("kid")
@click.option(
    "--reason",
    default="compromised",
    show_default=True,
    type=click.Choice(["unspecified", "compromised", "superseded"]),
)
@click.pass_context
def revoke(context: click.Context, kid: str, reason: str) -> None:
    """Give up a key that somebody else may have, at once."""
    with _client(context) as client:
        said(client.post(f"/keys/{kid}/revocation", json={"reason": reason}))
        _show_keys(client)


def _show_keys(client: httpx.Client) -> None:
    for key in said(client.get("/keys")):
        state = "signs 签名" if key["signs"] else "-"
        if key["revoked_at"]:
            state = f"revoked 已吊销 {key['revoked_at']} {key['revocation_reason']}"
        elif key["retired_at"]:
            state = f"retired 已停用 {key['retired_at']}"
        known = "admitted 已登记" if key["admitted"] else "not admitted 未登记"
        click.echo(f"{key['kid']}\t{key['not_before']}\t{state}\t{known}")


@exchange.group()
def partners() -> None:
    """Foreign systems that ask us by DCI: look, enter, give a new secret, revoke."""


@partners.command("list")
@click.pass_context
def list_partners(context: click.Context) -> None:
    """Each partner: how it signs, what it may ask, and for which purposes."""
    with _client(context) as client:
        for each in _all(client, "/partners", {}):
            state = "revoked 已停用" if each["revoked_at"] else each["signature"]
            click.echo(
                f"{each['sender_id']}\t{each['name']}\t{state}\t{','.join(each['profiles'])}\t"
                f"{','.join(each['purposes'])}\t{each['address']}"
            )


@partners.command("add")
@click.argument("sender_id")
@click.option("--name", required=True)
@click.option("--address", required=True, help="where it takes callbacks")
@click.option("--profile", "profiles", multiple=True, required=True, help="civil, social")
@click.option("--purpose", "purposes", multiple=True, required=True)
@click.option(
    "--signature", default="detached", show_default=True,
    type=click.Choice(["detached", "attached", "none"]),
)  # fmt: skip
@click.option("--jwks", type=click.File(), help="its public keys, a JWK set")
@click.option("--certificate", type=click.File(), help="its TLS certificate (PEM), to pin")
@click.pass_context
def add_partner(
    context: click.Context,
    /,
    sender_id: str,
    jwks: IO[str] | None,
    certificate: IO[str] | None,
    **options: Any,
) -> None:
    """Enter a partner; prints its secret, this once."""
    body = {
        "sender_id": sender_id,
        "jwks": json.load(jwks) if jwks else None,
        "certificate_pem": certificate.read() if certificate else None,
        **options,
    }
    with _client(context) as client:
        click.echo(said(client.post("/partners", json=body))["client_secret"])


@partners.command("renew")
@click.argument("sender_id")
@click.pass_context
def renew_secret(context: click.Context, sender_id: str) -> None:
    """A new secret instead of the old one."""
    with _client(context) as client:
        click.echo(said(client.post(f"/partners/{sender_id}/secret"))["client_secret"])


@partners.command("revoke")
@click.argument("sender_id")
@click.pass_context
def revoke_partner(context: click.Context, sender_id: str) -> None:
    """Take and tell nothing any more; what it followed ends."""
    with _client(context) as client:
        said(client.post(f"/partners/{sender_id}/revocation"))
        click.echo("revoked 已停用")


@partners.command("transactions")
@click.argument("sender_id")
@click.option("--delivery", help="waiting, delivered, refused, given-up …")
@click.pass_context
def list_transactions(context: click.Context, sender_id: str, delivery: str | None) -> None:
    """What it asked and how far the answers got, newest first; never what they say."""
    query = {"delivery": delivery} if delivery else {}
    with _client(context) as client:
        for each in _all(client, f"/partners/{sender_id}/transactions", query):
            click.echo(
                f"{each['id']}\t{each['action']}\t{each['status']}\t{each['delivery']}\t"
                f"tries {each['attempts']}\t{each['last_error'] or ''}"
            )


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
