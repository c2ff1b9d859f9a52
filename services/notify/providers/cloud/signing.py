"""The signatures of the clouds. Pure: time and nonce are given.

- `none`: the key is one of the fields.
- `hmac-header`: a header with the HMAC-SHA256 of some text.
- `rpc`: Aliyun's RPC style; the sorted query is signed with HMAC-SHA1 or HMAC-SHA256.
- `tc3`: Tencent Cloud's TC3-HMAC-SHA256.
- `wsse`: UsernameToken with a digest, as Huawei Cloud has it.
"""

import hmac
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import Annotated, Literal
from urllib.parse import quote, urlsplit

from pydantic import BaseModel, ConfigDict, Discriminator


class _Scheme(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class NoSignature(_Scheme):
    scheme: Literal["none"]


class HmacHeader(_Scheme):
    """`content` may hold {timestamp}, {nonce}, {method}, {path} and {body}. The headers `time` and
    `nonce`, where named, carry what was signed."""

    scheme: Literal["hmac-header"]
    header: str
    content: str = "{timestamp}\n{body}"
    encoding: Literal["hex", "base64"] = "hex"
    time: str | None = None
    nonce: str | None = None


class Rpc(_Scheme):
    scheme: Literal["rpc"]
    digest: Literal["sha1", "sha256"] = "sha1"


class Tc3(_Scheme):
    scheme: Literal["tc3"]
    service: str


class Wsse(_Scheme):
    scheme: Literal["wsse"]


Signature = Annotated[NoSignature | HmacHeader | Rpc | Tc3 | Wsse, Discriminator("scheme")]


@dataclass(frozen=True, slots=True)
class Signing:
    """With what and when: `at` is aware; `nonce` is used once."""

    key: str
    secret: str
    at: datetime
    nonce: str


@dataclass(frozen=True, slots=True)
class Call:
    """A call before it is made."""

    method: str
    url: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


def signed(call: Call, scheme: Signature, signing: Signing) -> Call:
    """The call with its signature."""
    if isinstance(scheme, HmacHeader):
        return _hmac_header(call, scheme, signing)
    if isinstance(scheme, Rpc):
        return replace(call, query=_rpc(call, scheme, signing))
    if isinstance(scheme, Tc3):
        return _tc3(call, scheme, signing)
    if isinstance(scheme, Wsse):
        return _with(call, X_WSSE=_wsse(signing), Authorization=_WSSE)
    return call


_WSSE = 'WSSE realm="SDP",profile="UsernameToken",type="Appkey"'


def _with(call: Call, **headers: str) -> Call:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return replace(call, headers={**call.headers, **named})


def _hmac_header(call: Call, scheme: HmacHeader, signing: Signing) -> Call:
    timestamp = str(int(signing.at.timestamp()))
    text = scheme.content
    for name, value in (
        ("timestamp", timestamp),
        ("nonce", signing.nonce),
        ("method", call.method),
        ("path", urlsplit(call.url).path),
        ("body", call.body.decode()),  # last: what it holds is no place
    ):
        text = text.replace("{" + name + "}", value)
    digest = hmac.digest(signing.secret.encode(), text.encode(), sha256)
    proof = digest.hex() if scheme.encoding == "hex" else b64encode(digest).decode()
    headers = {**call.headers, scheme.header: proof}
    if scheme.time:
        headers[scheme.time] = timestamp
    if scheme.nonce:
        headers[scheme.nonce] = signing.nonce
    return replace(call, headers=headers)


def _rpc(call: Call, scheme: Rpc, signing: Signing) -> dict[str, str]:
    """https://help.aliyun.com/zh/sdk/product-overview/rpc-mechanism"""
    query = {
        "SignatureMethod": f"HMAC-{scheme.digest.upper()}",
        "SignatureVersion": "1.0",
        "SignatureNonce": signing.nonce,
        "AccessKeyId": signing.key,
        "Timestamp": signing.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        **call.query,
    }
    canonical = "&".join(f"{_escape(name)}={_escape(query[name])}" for name in sorted(query))
    text = f"{call.method}&{_escape('/')}&{_escape(canonical)}"
    digest = hmac.digest(f"{signing.secret}&".encode(), text.encode(), scheme.digest)
    return {**query, "Signature": b64encode(digest).decode()}


def _tc3(call: Call, scheme: Tc3, signing: Signing) -> Call:
    """https://cloud.tencent.com/document/api/382/52072"""
    host, content_type = urlsplit(call.url).netloc, call.headers["Content-Type"]
    canonical = (
        f"{call.method}\n/\n\ncontent-type:{content_type}\nhost:{host}\n\ncontent-type;host\n"
        f"{sha256(call.body).hexdigest()}"
    )
    timestamp = str(int(signing.at.timestamp()))
    date = signing.at.astimezone(UTC).date().isoformat()
    scope = f"{date}/{scheme.service}/tc3_request"
    hashed = sha256(canonical.encode()).hexdigest()
    text = f"TC3-HMAC-SHA256\n{timestamp}\n{scope}\n{hashed}"
    key = f"TC3{signing.secret}".encode()
    for step in (date, scheme.service, "tc3_request"):
        key = hmac.digest(key, step.encode(), sha256)
    proof = hmac.new(key, text.encode(), sha256).hexdigest()
    return _with(
        call,
        Authorization=f"TC3-HMAC-SHA256 Credential={signing.key}/{scope}, "
        f"SignedHeaders=content-type;host, Signature={proof}",
        X_TC_Timestamp=timestamp,
    )


def _wsse(signing: Signing) -> str:
    """https://support.huaweicloud.com/api-msgsms/sms_05_0046.html"""
    created = signing.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    said = signing.nonce + created + signing.secret
    digest = b64encode(sha256(said.encode()).digest()).decode()
    return (
        f'UsernameToken Username="{signing.key}",PasswordDigest="{digest}",'
        f'Nonce="{signing.nonce}",Created="{created}"'
    )


def _escape(text: str) -> str:
    return quote(text, safe="-_.~")
