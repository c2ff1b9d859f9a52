"""Token Status List (draft-ietf-oauth-status-list): one bit a certificate, published signed.

Bits are packed from the least significant bit of each byte, deflated with zlib, base64url. A bit
tells nothing about whom it is of, and indexes are given out at random, so neighbours tell nothing
either. Pure; times are seconds since 1970.
"""

import json
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from joserfc import jws
from joserfc.jwk import ECKey, KeySet
from pydantic import BaseModel, Field

from services.migrant.certificates.faults import Malformed
from services.migrant.certificates.sdjwt import ALGORITHMS, ODD, decode, encode

TYPE: Final = "statuslist+jwt"
MEDIA_TYPE: Final = f"application/{TYPE}"
LATEST: Final = 253402300799  # the end of the year 9999, in seconds since 1970
LONGEST_TTL: Final = 366 * 86400
LARGEST: Final = 4 * 1024 * 1024  # bytes of an inflated list that we are ready to read


class BadStatusList(ValueError):
    """Not a status list of this issuer for this address."""


class _Packed(BaseModel):
    bits: int = Field(ge=1, le=8)
    lst: str


class _Claims(BaseModel):
    sub: str
    iat: int = Field(ge=0, le=LATEST)
    exp: int | None = Field(default=None, ge=0, le=LATEST)
    ttl: int | None = Field(default=None, ge=1, le=LONGEST_TTL)
    status_list: _Packed


@dataclass(frozen=True, slots=True)
class StatusListToken:
    """A status list whose signature was verified."""

    issued_at: int
    expires_at: int | None
    ttl: int | None
    bits: int
    packed: bytes

    def at(self, index: int) -> int:
        """The status at `index`: 0 is valid, 1 revoked, others as registered. Raises
        BadStatusList for an index outside the list."""
        position = index * self.bits
        if index < 0 or position // 8 >= len(self.packed):
            raise BadStatusList("no such index")
        return (self.packed[position // 8] >> (position % 8)) & ((1 << self.bits) - 1)


def pack(revoked: Iterable[int], size: int) -> str:
    """`size` bits with those of `revoked` set, deflated, base64url."""
    bits = bytearray((size + 7) // 8)
    for index in revoked:
        bits[index // 8] |= 1 << (index % 8)
    return encode(zlib.compress(bytes(bits), 9))


def sign(
    uri: str, revoked: Iterable[int], size: int, key: ECKey, *, now: int, ttl: int, lifetime: int
) -> str:
    """The token published at `uri`: to be asked for again after `ttl` seconds, and not to be
    believed after `lifetime` seconds."""
    claims = {
        "sub": uri,
        "iat": now,
        "exp": now + lifetime,
        "ttl": ttl,
        "status_list": {"bits": 1, "lst": pack(revoked, size)},
    }
    header = {"alg": "ES256", "typ": TYPE, "kid": key.kid}
    return jws.serialize_compact(header, json.dumps(claims), key, ["ES256"])


def read(token: str, keys: KeySet, uri: str) -> StatusListToken:
    """A token as published at `uri` by the issuer of `keys`. Raises BadStatusList."""
    try:
        signed = jws.extract_compact(token.encode())
        header = signed.headers()
        kid = header.get("kid")
        key = next(each for each in keys.keys if kid is None or each.kid == kid)
        verified = jws.deserialize_compact(token, key, list(ALGORITHMS))
        claims = _Claims.model_validate_json(verified.payload)
    except (*ODD, StopIteration) as error:
        raise BadStatusList("not signed by the issuer, or not a status list") from error
    if (
        header.get("typ") != TYPE
        or claims.sub != uri
        or claims.status_list.bits not in (1, 2, 4, 8)
    ):
        raise BadStatusList("not the status list of this address")
    return StatusListToken(
        issued_at=claims.iat,
        expires_at=claims.exp,
        ttl=claims.ttl,
        bits=claims.status_list.bits,
        packed=_inflate(claims.status_list.lst),
    )


def _inflate(text: str) -> bytes:
    inflater = zlib.decompressobj()
    try:
        packed = inflater.decompress(decode(text), LARGEST)
    except (zlib.error, Malformed) as error:
        raise BadStatusList("the list does not inflate") from error
    if inflater.unconsumed_tail or not inflater.eof:
        raise BadStatusList("the list is larger than we read, or cut off")
    return packed
