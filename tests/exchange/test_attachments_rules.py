"""Which files are taken, and which bytes of them are given."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.exchange.attachments.errors import FileRefused, FileTooLarge
from services.exchange.attachments.rules import CHUNK, Inspector, catalogue, chunks_of, range_of
from tests.exchange.attachment_samples import JPEG, PNG, TIFF, make_pdf


def told_type(content: bytes, step: int = 100) -> str:
    inspector = Inspector()
    for start in range(0, len(content), step):
        inspector.feed(content[start : start + step])
    return inspector.media_type()


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (make_pdf(), "application/pdf"),
        (PNG, "image/png"),
        (JPEG, "image/jpeg"),
        (TIFF, "image/tiff"),
    ],
)
@pytest.mark.parametrize("step", [1, 7, 1000])
def test_a_file_is_known_by_what_it_holds(content: bytes, media_type: str, step: int) -> None:
    assert told_type(content, step) == media_type


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"MZ" + bytes(200),  # a Windows program
        b"\x7fELF" + bytes(200),
        b"#!/bin/sh\n",
        b"PK\x03\x04" + bytes(200),  # office documents, archives
        bytes.fromhex("d0cf11e0a1b11ae1") + bytes(200),  # old office documents, with macros
        b"<html><script></script></html>",
        b" " + make_pdf(),  # does not begin as one
        make_pdf()[:-10],  # cut short
        PNG[:-1],
        JPEG[:-2],
        PNG + b"MZ" + bytes(50),  # goes on after its end
        make_pdf() + bytes(2000),
        make_pdf(inside=b"<</S/JavaScript/JS(app.alert)>>"),
        make_pdf(inside=b"<</S/Java#53cript>>"),  # the same name, written another way
        make_pdf(inside=b"<</S/Launch>>"),
        make_pdf(inside=b"<</Type/EmbeddedFile>>"),
    ],
)
@pytest.mark.parametrize("step", [3, 100_000])
def test_what_is_not_listed_or_whole_or_passive_is_refused(content: bytes, step: int) -> None:
    with pytest.raises(FileRefused):
        told_type(content, step)


def test_a_file_above_the_limit_is_refused_as_soon_as_it_is() -> None:
    inspector = Inspector()
    for _ in range(20):
        inspector.feed(bytes(CHUNK))
    with pytest.raises(FileTooLarge):
        inspector.feed(b"x")
    assert catalogue().most_bytes == 20 * 1024 * 1024


@given(size=st.integers(1, 3 * CHUNK), start=st.integers(0, 3 * CHUNK), last=st.integers(0))
def test_a_range_lies_in_the_file_and_is_never_longer_than_a_chunk(
    size: int, start: int, last: int
) -> None:
    found = range_of(f"bytes={start}-{last % 10**12}", size)
    if found is not None:
        assert found[0] == start < found[1] <= min(size, start + CHUNK, last % 10**12 + 1)
    else:
        assert start >= size or last % 10**12 < start


@pytest.mark.parametrize(
    ("header", "found"),
    [
        (None, (0, 10)),
        ("bytes=3-", (3, 10)),
        ("bytes=0-0", (0, 1)),
        ("bytes=10-", None),
        ("bytes=-3", None),
        ("bytes=0-1,3-4", None),
        ("pages=0-1", None),
        ("bytes=5-3", None),
    ],
)
def test_one_plain_range_is_understood(header: str | None, found: tuple[int, int] | None) -> None:
    assert range_of(header, 10) == found


def test_chunks_cover_the_file() -> None:
    assert [chunks_of(size) for size in (1, CHUNK, CHUNK + 1, 20 * CHUNK)] == [1, 1, 2, 20]
