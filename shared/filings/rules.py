"""Decisions about filings of spreadsheets, without any I/O."""

from datetime import timedelta
from typing import Final
from uuid import UUID

from shared.actors import Actor

PART: Final = 1024 * 1024  # bytes of an upload stored in one row
FILE_LINES: Final = 20_000  # refused lines given back in one file
ATTEMPTS: Final = 5  # without a line done in between
# 个人信息保护法第十九条: no longer than needed. A refused line is mended within days.
KEEP_CELLS: Final = timedelta(days=30)

_PERSON: Final = "self"


def filer_of(actor: Actor) -> str:
    """Who files: the person with a login of her own, or else the organisation."""
    return actor.sub if _PERSON in actor.scopes else actor.org


def part_place(filing_id: UUID, part: int) -> str:
    """What a part of an uploaded file is sealed for."""
    return f"filing_parts.content:{filing_id}:{part}"


def cells_place(filing_id: UUID, line: int) -> str:
    """What the cells of a refused line are sealed for."""
    return f"filing_lines.cells:{filing_id}:{line}"
