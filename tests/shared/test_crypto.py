"""Sealed values open only with their key, at their place, unaltered."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.crypto import SealBroken, Suite, Vault, mask
from shared.testing import key_text


def vault(name: str = "k", suite: Suite = Suite.AES_256_GCM) -> Vault:
    return Vault.from_text(key_text(name), key_text(name + "-index"), suite)


@pytest.mark.parametrize("suite", Suite)
@given(text=st.text(max_size=50))
def test_what_is_sealed_opens(suite: Suite, text: str) -> None:
    assert vault(suite=suite).open(vault(suite=suite).seal(text, "a:1"), "a:1") == text


@pytest.mark.parametrize("suite", Suite)
def test_wrong_key_place_or_byte_does_not_open(suite: Suite) -> None:
    sealed = vault(suite=suite).seal("420325199001011226", "persons.id_number:1")
    altered = sealed[:-1] + bytes([sealed[-1] ^ 1])
    for other, value, place in [
        (vault("other", suite), sealed, "persons.id_number:1"),
        (vault(suite=suite), sealed, "persons.id_number:2"),
        (vault(suite=suite), altered, "persons.id_number:1"),
        (vault(suite=suite), b"\x02" + sealed[1:], "persons.id_number:1"),
        (vault(suite=suite), b"", "persons.id_number:1"),
    ]:
        with pytest.raises(SealBroken):
            other.open(value, place)


def test_the_same_value_is_sealed_differently_and_indexed_alike() -> None:
    assert vault().seal("x", "p") != vault().seal("x", "p")
    assert vault().index("x", "phone") == vault().index("x", "phone")
    assert vault().index("x", "phone") != vault().index("x", "id_number")


def test_keys_must_be_two_and_long() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        Vault.from_text(key_text("a"), key_text("a"))
    with pytest.raises(ValueError, match="32 bytes"):
        Vault.from_text("YQ==", key_text("a"))


def test_mask_never_shows_short_values() -> None:
    assert mask("420325199001011226", 6, 2) == "420325**********26"
    assert mask("1234") == "****"
