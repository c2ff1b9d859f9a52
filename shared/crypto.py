"""Field encryption and blind index for personal values at rest and inside events.

A sealed value is `version (1 byte) ‖ nonce (12) ‖ ciphertext ‖ tag (16)`, AES-256-GCM, bound by
its associated data to the row and column it belongs to, so that values cannot be swapped between
rows. The suite is a setting: SM4-GCM (GB/T 32907) stands in for AES where a county must use it.
"""

import base64
import hmac
import os
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from hashlib import sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_VERSION = 1
_NONCE = 12
_TAG = 16


class Suite(StrEnum):
    """Which cipher seals new values."""

    AES_256_GCM = "aes-256-gcm"
    SM4_GCM = "sm4-gcm"


class SealBroken(ValueError):
    """A sealed value does not open: wrong key, wrong row, or altered."""


class _Sm4Gcm:
    """SM4-GCM with the interface of AESGCM; SM4 keys have 16 bytes, the first half of ours."""

    def __init__(self, key: bytes) -> None:
        self._key = key[:16]

    def encrypt(self, nonce: bytes, data: bytes, aad: bytes) -> bytes:
        encryptor = Cipher(algorithms.SM4(self._key), modes.GCM(nonce)).encryptor()
        encryptor.authenticate_additional_data(aad)
        return encryptor.update(data) + encryptor.finalize() + encryptor.tag

    def decrypt(self, nonce: bytes, data: bytes, aad: bytes) -> bytes:
        body, tag = data[:-_TAG], data[-_TAG:]
        decryptor = Cipher(algorithms.SM4(self._key), modes.GCM(nonce, tag)).decryptor()
        decryptor.authenticate_additional_data(aad)
        return decryptor.update(body) + decryptor.finalize()


@dataclass(frozen=True)
class Vault:
    """The keys of one owner (a service's columns, or a county's events).

    `key` (32 bytes) seals; `index_key` (32 bytes) makes blind indexes. They must differ, or a
    reader of the index could be given the power to open.
    """

    key: bytes = field(repr=False)
    index_key: bytes = field(repr=False)
    suite: Suite = Suite.AES_256_GCM

    @cached_property
    def _cipher(self) -> AESGCM | _Sm4Gcm:
        return AESGCM(self.key) if self.suite is Suite.AES_256_GCM else _Sm4Gcm(self.key)

    @cached_property
    def _mac(self) -> hmac.HMAC:
        return hmac.new(self.index_key, digestmod=sha256)

    @classmethod
    def from_text(cls, key: str, index_key: str, suite: Suite = Suite.AES_256_GCM) -> "Vault":
        """From two base64 texts of 32 bytes each. Raises ValueError when they are not."""
        keys = base64.b64decode(key, validate=True), base64.b64decode(index_key, validate=True)
        if any(len(each) != 32 for each in keys) or keys[0] == keys[1]:
            raise ValueError("two different base64 keys of 32 bytes are needed")
        return cls(*keys, suite=suite)

    def seal(self, text: str, place: str) -> bytes:
        """Encrypt `text` for the place it is stored in, e.g. "persons.id_number:<row id>"."""
        return self.seal_bytes(text.encode(), place)

    def seal_bytes(self, content: bytes, place: str) -> bytes:
        """Like `seal`, for what is not text."""
        nonce = os.urandom(_NONCE)
        sealed = self._cipher.encrypt(nonce, content, place.encode())
        return bytes([_VERSION]) + nonce + sealed

    def open(self, sealed: bytes, place: str) -> str:
        """The text behind `sealed`. Raises SealBroken when key, place or bytes do not fit."""
        return self.open_bytes(sealed, place).decode()

    def open_bytes(self, sealed: bytes, place: str) -> bytes:
        """Like `open`, for what is not text."""
        if len(sealed) < 1 + _NONCE + _TAG or sealed[0] != _VERSION:
            raise SealBroken("not a sealed value")
        try:
            return self._cipher.decrypt(
                sealed[1 : 1 + _NONCE], sealed[1 + _NONCE :], place.encode()
            )
        except InvalidTag as error:
            raise SealBroken("the sealed value does not open") from error

    def index(self, text: str, kind: str) -> bytes:
        """The blind index of `text` (HMAC-SHA256, 32 bytes) for exact look-up in a column of
        `kind`; the kind keeps a phone's index from matching an id number's."""
        mac = self._mac.copy()
        mac.update(f"{kind}\x00{text}".encode())
        return mac.digest()


def mask(text: str, head: int = 3, tail: int = 2) -> str:
    """Show only the ends: mask("420325199001011234", 6, 2) -> "420325**********34"."""
    hidden = max(len(text) - head - tail, 0)
    return text[:head] + "*" * hidden + text[len(text) - tail :] if hidden else "*" * len(text)
