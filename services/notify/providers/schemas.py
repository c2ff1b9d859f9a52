"""What passes between us and a provider, whatever its own shape."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol
from uuid import UUID


@dataclass(frozen=True, slots=True)
class SubmitRequest:
    """One text. `reference` is the message's id and the same at every try, so that a provider
    that has accepted it once never sends it twice. Joined, `parts` are the whole text. `template`
    is the code the provider gave the wording, and the wording with {name} places."""

    reference: UUID
    phone: str
    parts: tuple[str, ...]
    urgent: bool
    template: tuple[str, str] | None = None


class Outcome(StrEnum):
    """ACCEPTED: it will be sent. TEMPORARY: not taken, try later. PERMANENT: never will be.
    UNKNOWN: the call broke off, ask later. NOT_FOUND (query only): never heard of it."""

    ACCEPTED = "accepted"
    TEMPORARY = "temporary"
    PERMANENT = "permanent"
    UNKNOWN = "unknown"
    NOT_FOUND = "not-found"


@dataclass(frozen=True, slots=True)
class SubmitResult:
    """What a provider says of one text: its ids of the parts once accepted, otherwise a code."""

    reference: UUID
    outcome: Outcome
    provider_ids: tuple[str, ...] = ()
    code: str | None = None


class Provider(Protocol):
    """Carries texts. Neither call raises for what the network or the provider does."""

    @property
    def name(self) -> str: ...

    @property
    def rate(self) -> int:
        """Texts a second it takes."""

    @property
    def weight(self) -> int:
        """Its share of the texts, beside the weights of the others."""

    async def submit(self, requests: Sequence[SubmitRequest]) -> Sequence[SubmitResult]:
        """One result for each request, in any order."""

    async def query(self, reference: UUID) -> SubmitResult:
        """What it knows of a text it may or may not have got."""

    async def close(self) -> None: ...
