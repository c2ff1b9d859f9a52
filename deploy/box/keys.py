"""The secrets of one box: made once, kept in its data folder, readable by its owner alone."""

import base64
import json
import os
import secrets
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from joserfc import jwt
from joserfc.jwk import ECKey, KeySet

from deploy.box.databases import SERVICES, new_passwords
from deploy.box.errors import BoxError

ISSUER = "https://issuer.yipan.box"
AUDIENCE = "yipan"
DAY = 24 * 3600


@dataclass(frozen=True)
class BoxKeys:
    """Passwords by database role; base64 keys by service; the token issuer's private JWK."""

    passwords: dict[str, str]
    field_keys: dict[str, str]
    index_keys: dict[str, str]
    event_key: str
    sms_secret: str
    issuer: dict[str, str | list[str]]


def random_key() -> str:
    """A fresh base64 key of 32 bytes."""
    return base64.b64encode(secrets.token_bytes(32)).decode()


def _new() -> BoxKeys:
    issuer = ECKey.generate_key("P-256", {"use": "sig", "alg": "ES256"}, auto_kid=True)
    return BoxKeys(
        passwords=new_passwords(),
        field_keys={service: random_key() for service in SERVICES},
        index_keys={service: random_key() for service in SERVICES},
        event_key=random_key(),
        sms_secret=random_key(),
        issuer={**issuer.as_dict(private=True)},
    )


def load_keys(data: Path) -> BoxKeys:
    """The keys of an existing box. Raises BoxError when there are none."""
    try:
        return BoxKeys(**json.loads((data / "keys.json").read_text()))
    except FileNotFoundError:
        raise BoxError(
            f"{data} holds no box yet; start one with make run.",
            f"{data} 中还没有一体机数据,请先 make run。",
        ) from None
    except (ValueError, TypeError) as error:
        raise BoxError(
            f"{data}/keys.json is damaged; restore it from a backup.",
            f"{data}/keys.json 已损坏,请从备份恢复。",
        ) from error


def load_or_make_keys(data: Path) -> BoxKeys:
    """The keys of the box, made at its first start. The key set for verifiers lies beside."""
    if not (data / "keys.json").exists():
        write_private(data / "keys.json", json.dumps(asdict(_new())))
    keys = load_keys(data)
    public = KeySet([ECKey.import_key(keys.issuer)]).as_dict(private=False)
    write_private(data / "jwks.json", json.dumps(public))
    return keys


def write_private(path: Path, text: str) -> None:
    """Write a file whole or not at all, readable by its owner alone."""
    draft = path.with_suffix(".new")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def make_token(
    keys: BoxKeys, *, sub: str, region: str, scope: str, org: str, name: str, seconds: int = DAY
) -> str:
    """A bearer token of the box's own issuer (ES256)."""
    now = int(time.time())
    claims = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": sub,
        "name": name,
        "org": org,
        "region": region,
        "scope": scope,
        "iat": now,
        "exp": now + seconds,
    }
    key = ECKey.import_key(keys.issuer)
    return jwt.encode({"alg": "ES256", "kid": key.kid}, claims, key)
