"""What a message says and who signed it, as far as that takes no database: each is found out once,
and may be while the transaction before is under way. Pure."""

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256

from pydantic import ValidationError

from services.exchange.errors import (
    BadMessage,
    EncryptionRefused,
    Refused,
    SignatureMissing,
    UnsupportedVersion,
)
from services.exchange.messages.rules import VERSION, without_time
from services.exchange.messages.schemas import Header, NotifyMessage
from shared.signing import (
    JsonObject,
    NotCanonical,
    SignatureInvalid,
    canonical,
    kid_of,
    verify_bytes,
)


@dataclass(frozen=True)
class Arrival:
    """A message as it came. `shown` is the fingerprint of the client certificate it came with,
    where one can be seen."""

    envelope: JsonObject
    shown: bytes | None
    _fits: dict[str, bool] = field(default_factory=dict, init=False, repr=False, compare=False)

    @cached_property
    def said(self) -> tuple[Header, NotifyMessage]:
        """Raises UnsupportedVersion, EncryptionRefused, BadMessage."""
        raw = self.envelope.get("header")
        if isinstance(raw, dict) and raw.get("version", VERSION) != VERSION:
            raise UnsupportedVersion()
        if isinstance(raw, dict) and raw.get("is_msg_encrypted"):
            raise EncryptionRefused()
        if self.envelope.keys() - {"signature", "header", "message"}:
            raise BadMessage()
        try:
            return (
                Header.model_validate(raw),
                NotifyMessage.model_validate(self.envelope.get("message")),
            )
        except ValidationError as error:
            raise BadMessage() from error

    @cached_property
    def signature(self) -> str:
        """Raises SignatureMissing."""
        said = self.envelope.get("signature")
        if not isinstance(said, str) or not said:
            raise SignatureMissing()
        return said

    @cached_property
    def hashed(self) -> bytes:
        """As `payload_hash` of the envelope. Raises NotCanonical."""
        header = canonical(without_time(self.envelope))
        return sha256(_object(header=header, message=self._message)).digest()

    @property
    def text(self) -> str:
        """The envelope (JSON), as it is kept. Raises NotCanonical."""
        return self._signed[:-1].decode() + f',"signature":{json.dumps(self.signature)}}}'

    def fits(self, x: str) -> bool:
        """Whether the holder of the Ed25519 public key `x` (base64url) signed this. That is so or
        not whatever the records say, so it is worked out once."""
        if x not in self._fits:
            self._fits[x] = self._is_signed_by(x)
        return self._fits[x]

    @property
    def proved(self) -> dict[str, str]:
        """With which keys it is known to be signed (x by kid)."""
        return {kid_of(self.signature) or "": x for x, fits in self._fits.items() if fits}

    def read_ahead(self, keys: Mapping[str, str]) -> None:
        """Find out what will be asked, as if it were signed by one of the `keys` (x by kid)."""
        with suppress(Refused, NotCanonical):  # what is wrong is said when its turn comes
            _ = self.said, self.hashed
            x = keys.get(kid_of(self.signature) or "")
            if x is not None:
                self.fits(x)

    @cached_property
    def _message(self) -> bytes:
        return canonical(self.envelope.get("message"))

    @cached_property
    def _signed(self) -> bytes:
        return _object(header=canonical(self.envelope.get("header")), message=self._message)

    def _is_signed_by(self, x: str) -> bool:
        try:
            verify_bytes(self.signature, self._signed, x)
        except (SignatureInvalid, NotCanonical):
            return False
        return True


def _object(*, header: bytes, message: bytes) -> bytes:
    """The canonical bytes of {header, message}."""
    return b'{"header":' + header + b',"message":' + message + b"}"
