"""`yipan certificate …`: a holder shows a part of her certificate from a file, a checker checks
with no network, a county rotates its key."""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn, TextIO

import click
import httpx

from deploy.box.client import box_client, said
from deploy.box.errors import BoxError

_DATA = click.option(
    "--data",
    default="box",
    show_default=True,
    type=click.Path(path_type=Path, resolve_path=True),
    help="data folder",
)
_URL = click.option("--url", help="of a node, e.g. http://127.0.0.1:8000 [default: the box]")
_TOKEN = click.option("--token", envvar="YIPAN_TOKEN", help="bearer token [default: of the box]")
_NEW_FILE = click.Path(dir_okay=False, path_type=Path)
_CREDENTIAL = click.argument("file", type=click.File(encoding="utf-8"))


@click.group()
def certificate() -> None:
    """The holder's certificate: show a part of it, check it offline. FILE may be - for the
    standard input."""


@certificate.command()
@_CREDENTIAL
@click.option("--show", multiple=True, help="a claim to show; may be given again")
@click.option("--qr", type=_NEW_FILE, help="also as a QR code (SVG)")
def present(file: TextIO, show: tuple[str, ...], qr: Path | None) -> None:
    """Print what shows the chosen claims and no others; without --show, which there are."""
    from services.migrant.certificates import showing
    from services.migrant.certificates.rules import Claim
    from shared.problems import Problem

    credential = file.read()
    try:
        if not show:
            click.echo("\n".join(showing.claims_in(credential)))
            return
        text = showing.present(credential, [Claim(each) for each in show])
        if qr is not None:
            qr.write_text(showing.code_of(text), "utf-8")
    except ValueError as error:
        raise click.BadParameter(f"no such claim: {error}", param_hint="show") from error
    except Problem as problem:
        _fail(problem.detail.en if problem.detail else problem.title.en, problem.title.zh)
    click.echo(text)


@certificate.command()
@_CREDENTIAL
@click.option(
    "--kit",
    "kit_file",
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="keys and status lists, from `yipan certificate kit`",
)
@click.option("--nonce", help="what the holder's phone was asked to sign")
@click.option("--audience", help="for whom it was asked to sign")
@click.option("--language", default="zh", type=click.Choice(["zh", "en"]))
def check(
    file: TextIO, kit_file: Path, nonce: str | None, audience: str | None, language: str
) -> None:
    """Check with no network; prints JSON. Whatever is found, the command succeeds: a check says
    what is so, and what she came for goes on."""
    from services.migrant.certificates.examining import Question
    from services.migrant.certificates.faults import WORDS
    from services.migrant.certificates.kit import Kit, check_offline
    from services.migrant.certificates.rules import HELP, Outcome

    try:
        kit = Kit.model_validate_json(kit_file.read_bytes())
    except ValueError:
        _fail(f"{kit_file} is no kit: fetch it anew.", "核验数据无法读取,请重新获取。")
    found = check_offline(file.read(), kit, Question(nonce, audience), datetime.now(UTC))
    outcome = found.outcome or Outcome.MALFORMED
    told = {
        "outcome": outcome,
        "reason": found.reason,
        "words": WORDS[found.reason].say(language) if found.reason else None,
        "issuer": found.issuer,
        "valid_until": found.valid_until,
        "status_as_of": found.status_as_of,
        "holder_proven": found.holder_proven,
        "disclosed": found.disclosed,
        "help": HELP[outcome].say(language),
    }
    click.echo(json.dumps(told, ensure_ascii=False, indent=2, default=str))


@certificate.command()
@click.option("--out", default="kit.json", show_default=True, type=_NEW_FILE)
@_DATA
@_URL
@_TOKEN
def kit(out: Path, data: Path, url: str | None, token: str | None) -> None:
    """Fetch the keys and status lists that an offline check needs."""
    answer = _ask("GET", "checking-kit", data, url, token, "migrant:read")
    out.write_text(json.dumps(answer, ensure_ascii=False), "utf-8")
    click.echo(f"{len(answer['issuers'])} issuers, made {answer['made_at']}")


@certificate.command("rotate-key")
@click.option("--after-days", default=14, show_default=True, type=click.IntRange(0, 90))
@_DATA
@_URL
@_TOKEN
def rotate_key(after_days: int, data: Path, url: str | None, token: str | None) -> None:
    """Publish a new key now and sign with it from that day on; older certificates stay good."""
    body = {"starts_after_days": after_days}
    answer = _ask("POST", "issuer-keys", data, url, token, "migrant:admin", body)
    click.echo("\n".join(key["kid"] for key in answer["keys"]))


def _ask(
    method: str,
    path: str,
    data: Path,
    url: str | None,
    token: str | None,
    scope: str,
    body: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """An answer of the migrant service at `url`, of the box in `data` where that is None."""
    try:
        with box_client(
            data, url, token, service="migrant", scope=scope, purpose="verification"
        ) as client:
            return dict(said(client.request(method, f"/{path}", json=body)))
    except BoxError as error:
        _fail(str(error), error.zh)
    except httpx.TransportError:
        _fail("The service does not answer.", "服务没有应答。")


def _fail(en: str, zh: str) -> NoReturn:
    click.echo(f"yipan: {en}\n一盘: {zh}", err=True)
    sys.exit(1)
