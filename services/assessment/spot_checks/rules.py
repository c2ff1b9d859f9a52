"""Drawing a sample that nobody can choose, and what it says. Pure.

The county publishes the hash of a secret before the office hands in its list of cases. Drawing
reveals the secret: the sample is the cases whose HMAC under it comes first. Neither side could
know the sample beforehand, and anybody who has the list can draw it again.
"""

import hmac
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from hashlib import sha256


class Outcome(StrEnum):
    """What the checker found at the office."""

    AGREES = "agrees"  # 相符
    DIFFERS = "differs"  # 不符
    NOT_FOUND = "not_found"  # 查无


def commitment(secret: bytes) -> str:
    """What is published before the list is known: SHA-256 of the secret, hexadecimal."""
    return sha256(secret).hexdigest()


def list_hash(references: Iterable[str]) -> str:
    """SHA-256 over the references in order of code points, a line feed after each; hexadecimal."""
    return sha256("".join(f"{each}\n" for each in sorted(references)).encode()).hexdigest()


def draw(references: Iterable[str], secret: bytes, size: int) -> list[str]:
    """The sample: the `size` references whose HMAC-SHA-256 under the secret is smallest."""
    drawn = sorted(references, key=lambda each: hmac.digest(secret, each.encode(), "sha256"))
    return drawn[:size]


def settled(entries: Sequence[Outcome]) -> Outcome | None:
    """What holds of a case: what two checkers found. None while there are not two of one mind."""
    counted = Counter(entries)
    return next((outcome for outcome, n in counted.items() if n >= 2), None)


def disputed(entries: Sequence[Outcome]) -> bool:
    """Whether those who have looked differ, and nobody has settled it."""
    return len(entries) >= 2 and settled(entries) is None


def tally(entries: Mapping[str, Sequence[Outcome]]) -> tuple[Counter[Outcome], int, int]:
    """How many cases have which outcome; how many are disputed; how many wait for a checker."""
    held = [settled(each) for each in entries.values()]
    in_dispute = sum(disputed(each) for each in entries.values())
    counts = Counter(outcome for outcome in held if outcome is not None)
    return counts, in_dispute, len(held) - counts.total() - in_dispute
