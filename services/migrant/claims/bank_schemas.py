"""Commands and views of files for the bank. Sums are whole fen."""

from collections.abc import Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field

from services.migrant.claims.bank_rules import BankProfile
from services.migrant.claims.received_rules import ClaimListStatus, Outcome
from services.migrant.claims.schemas import Reference
from services.migrant.types import PastDate
from shared.commands import Command, CountyCode

Code = Annotated[str, Field(pattern=r"^[a-z0-9-]{3,40}$")]


class SetBankProfile(Command):
    """Lay out the files for a bank (设定代发文件格式); a layout of the same code is replaced."""

    region: CountyCode
    profile: BankProfile


class BankProfileView(BaseModel):
    """A layout; `region` is the area that set it, null as shipped."""

    region: str | None
    profile: BankProfile


class GiveOutBankFile(Command):
    """Take out the file of an approved list (导出代发文件), in the layout of this code."""

    profile: Code


class Direction(StrEnum):
    """Which way a file went."""

    OUT = "out"  # 发往银行
    IN = "in"  # 银行回盘


class BankFileView(BaseModel):
    """A file that went to the bank or came back: its SHA-256, what it comes to, and who had it
    when. `control_sum` is over accounts and sums (校验和), null of an answer. Names nobody."""

    id: UUID
    list_id: UUID
    direction: Direction
    profile: str
    sha256: str
    lines: int
    total_fen: int
    control_sum: str | None
    at: datetime
    by: str


class BankAnswer(BaseModel):
    """What the bank's answer is entered as: under which reference, of which day."""

    profile: Code
    reference: Reference
    settled_on: PastDate


class BankLine(BaseModel):
    """What became of a line of the bank's answer. `problem` says why it was passed over: it is of
    no payment of this list (`unknown-payment`), of another sum (`other-sum`), says something else
    than what was entered (`entered-otherwise`), or cannot be read (`line-unreadable`).
    `entered` is false where the same was entered before."""

    line: int
    reference: str | None
    outcome: Outcome | None
    entered: bool
    problem: str | None


class BankResults(BaseModel):
    """The bank's answer, line by line, and where the list stands then."""

    status: ClaimListStatus
    lines: Sequence[BankLine]
    paid: int
    returned: int
    open: int
    settled_on: date
