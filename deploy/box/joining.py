"""`yipan exchange join` and `admit`: a node enters the federation (接入). Each operator reads the
other the id of a key; everything else is fetched, and proven by that key."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click
import httpx
from pydantic import ValidationError

from deploy.box.client import said
from deploy.box.errors import BoxError
from services.exchange.participants.levels import Level
from services.exchange.participants.schemas import Record, SignedRecord
from services.exchange.participants.validity import keys_of
from shared.signing import JsonObject, NotCanonical, SignatureInvalid, kid_of, verify_detached

OWN_RECORD = "/exchange/.well-known/participant.json"
RECORDS = "/exchange/.well-known/participants"


def join_city(client: httpx.Client, city: str, key: str) -> None:
    """Enter the record of the city at an address, and say what its operator needs to admit us.
    Raises BoxError."""
    with _node_at(city) as there:
        record = _city_record(there, key)
    named = record.parsed
    said(client.put(f"/participants/{named.id}", json=record.model_dump(mode="json")))
    own = said(client.get(client.base_url.copy_with(path=OWN_RECORD)))
    (signing,) = (each["kid"] for each in said(client.get("/keys")) if each["signs"])
    click.echo(f"{named.id} {named.name} entered 已录入")
    click.echo("the city's operator runs 请市节点运行:")
    click.echo(f"  yipan exchange admit {own['address']} --key {signing}")


def admit_node(
    client: httpx.Client, address: str, key: str, roles: tuple[str, ...], *, sure: bool
) -> None:
    """As a city: sign the record of the node at an address. Raises BoxError."""
    with _node_at(address) as there:
        record = _own_record(there, key)
    if record.address != address.rstrip("/"):
        raise BoxError(f"It says it is at {record.address}.", f"对方称其地址为 {record.address}。")
    asked = record.model_copy(update={"roles": list(roles) or record.roles})
    click.echo(
        f"{asked.id}\t{asked.name}\t{asked.level}\t{','.join(asked.region_prefixes)}\t"
        f"{','.join(asked.roles)}\t{asked.address}"
    )
    if not sure:
        click.confirm("admit 接入?", abort=True)
    signed = said(client.post("/participants", json=asked.model_dump(mode="json")))
    click.echo(f"{asked.id} admitted 已接入, version {signed['record']['version']}")


@contextmanager
def _node_at(address: str) -> Iterator[httpx.Client]:
    """A caller of a node whose certificate nobody has vouched for yet: what it says counts by its
    signature alone. Raises BoxError."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        with httpx.Client(base_url=address.rstrip("/"), verify=context, timeout=30) as client:
            yield client
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise BoxError(f"No node answers at {address}.", f"{address} 没有节点应答。") from error


def _city_record(there: httpx.Client, key: str) -> SignedRecord:
    """The city's record of itself, newest of all that its directory has."""
    found, page = None, {"next": None, "more": True}
    while page["more"]:
        since = {"since": page["next"]} if page["next"] else {}
        page = said(there.get(RECORDS, params=since))
        for item in page["items"]:
            if _is_own(item) and _proves(item["signature"], item["record"], key):
                found = SignedRecord.model_validate(item)
    if found is None:
        raise _not_theirs()
    return found


def _is_own(item: Any) -> bool:
    """Whether a record is a city's own."""
    record = item["record"]
    return bool(record["level"] == Level.CITY and record["admitted_by"] == record["id"])


def _own_record(there: httpx.Client, key: str) -> Record:
    answer = there.get(OWN_RECORD)
    record, signature = said(answer), answer.headers.get("Record-Signature", "")
    if not _proves(signature, record, key):
        raise _not_theirs()
    return Record.model_validate(record)


def _proves(signature: str, record: JsonObject, key: str) -> bool:
    """Whether the key signed a record that names it. A key's id is its thumbprint: no other key has
    the same."""
    try:
        jwks = Record.model_validate(record).jwks
        verify_detached(signature, record, jwks)
    except (ValidationError, SignatureInvalid, NotCanonical):
        return False
    return kid_of(signature) == key and any(each.get("kid") == key for each in keys_of(jwks))


def _not_theirs() -> BoxError:
    return BoxError(
        "That key did not sign what is found there: ask its operator again.",
        "该处的登记书不是这把密钥签的,请再次与对方核对。",
    )
