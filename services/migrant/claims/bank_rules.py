"""How a file for the bank is laid out (代发文件格式), and how its answer is read. Pure.

No national layout exists: each county says which columns its bank takes, in which order and
encoding, and which words the bank answers with.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, model_validator

from services.migrant.benefits.rules import fen_of, yuan
from services.migrant.claims.received_rules import Outcome
from services.migrant.types import ShortText
from shared.sheets_in import spelling, tidy

_CONTROL_DIGITS: Final = 12
_REASON: Final[TypeAdapter[str]] = TypeAdapter(ShortText)
Header = Annotated[str, Field(min_length=1, max_length=40)]


class BankField(StrEnum):
    """What a column holds of a payment."""

    NUMBER = "number"  # 序号
    ACCOUNT = "account"  # 账号
    NAME = "name"  # 户名
    AMOUNT = "amount"  # 金额,元
    REFERENCE = "reference"  # 业务参考号
    BANK = "bank"  # 开户行: the profile's, the same on each line


_NEEDED: Final = frozenset(BankField) - {BankField.NUMBER, BankField.BANK}


class _Closed(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class BankColumn(_Closed):
    """A column: a `field` of the payment, or the same `text` on each line (a remark)."""

    header: Header
    field: BankField | None = None
    text: Annotated[str, Field(max_length=100)] | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.field is None) == (self.text is None):
            raise ValueError("每列写明字段或固定文字之一 / a column has either a field or a text")
        return self


class ResultColumns(_Closed):
    """The columns of the bank's answer (回盘), by their headers, and the words it uses."""

    reference: Header
    amount: Header
    outcome: Header
    reason: Header
    paid: Annotated[list[Header], Field(min_length=1, max_length=20)]
    returned: Annotated[list[Header], Field(min_length=1, max_length=20)]

    @model_validator(mode="after")
    def _clear(self) -> Self:
        if set(self.paid) & set(self.returned):
            raise ValueError("成功与退回用词不得相同 / one word cannot mean both")
        return self


class BankProfile(_Closed):
    """A layout (代发文件格式). `bank` is what the bank wants written for the one that keeps the
    accounts, where a column has it. `totals` puts a last line with the count and the sum."""

    code: Annotated[str, Field(pattern=r"^[a-z0-9-]{3,40}$")]
    zh: Annotated[str, Field(min_length=1, max_length=100)]
    en: Annotated[str, Field(min_length=1, max_length=100)]
    format: Literal["csv", "xlsx"]
    encoding: Literal["utf-8", "gb18030"]
    bank: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    columns: Annotated[list[BankColumn], Field(min_length=4, max_length=40)]
    totals: bool
    results: ResultColumns
    source: Annotated[str, Field(min_length=4, max_length=400)]

    @model_validator(mode="after")
    def _whole(self) -> Self:
        held = Counter(each.field for each in self.columns if each.field is not None)
        if not set(held) >= _NEEDED or max(held.values()) > 1:
            raise ValueError(
                "账号、户名、金额、参考号各须一列 / account, name, amount and reference: one column"
                " each"
            )
        if (BankField.BANK in held) != (self.bank is not None):
            raise ValueError(
                "有开户行一列的写明银行名称,没有的不写 / the bank's name goes with a column for it"
            )
        if len({spelling(each.header) for each in self.columns}) < len(self.columns):
            raise ValueError("列名不得重复 / two columns have one header")
        return self


SHIPPED_PROFILES: Final[tuple[BankProfile, ...]] = tuple(
    TypeAdapter(list[BankProfile]).validate_json(
        Path(__file__).with_name("bank_profiles.json").read_bytes()
    )
)


@dataclass(frozen=True)
class Payment:
    """A line for the bank; `amount_fen` in whole fen."""

    reference: str
    account: str
    name: str
    amount_fen: int


@dataclass(frozen=True)
class BankResult:
    """What the bank says of one payment; `returned` is why it came back, None where it was paid."""

    reference: str
    amount_fen: int
    outcome: Outcome
    returned: str | None


def rows_of(profile: BankProfile, payments: Sequence[Payment]) -> list[list[str]]:
    """The file's lines below its header, the totals last where the layout has them."""
    rows = [_row(profile, number, each) for number, each in enumerate(payments, start=1)]
    if profile.totals:
        total = yuan(sum(each.amount_fen for each in payments))
        ends = {BankField.NAME: f"合计 {len(payments)} 笔", BankField.AMOUNT: total}
        rows.append([ends.get(each.field, "") if each.field else "" for each in profile.columns])
    return rows


def _row(profile: BankProfile, number: int, payment: Payment) -> list[str]:
    cells: Mapping[BankField, str] = {
        BankField.NUMBER: str(number),
        BankField.ACCOUNT: payment.account,
        BankField.NAME: payment.name,
        BankField.AMOUNT: yuan(payment.amount_fen),
        BankField.REFERENCE: payment.reference,
        BankField.BANK: profile.bank or "",
    }
    return [cells[each.field] if each.field else each.text or "" for each in profile.columns]


def control_sum(payments: Sequence[Payment]) -> str:
    """The last 12 digits of the sum, over all payments, of account number times fen (校验和): it
    changes when an account is altered, a sum, or which of two accounts gets which sum."""
    total = sum(int(each.account) * each.amount_fen for each in payments)
    return str(total % 10**_CONTROL_DIGITS).zfill(_CONTROL_DIGITS)


def result_of(profile: BankProfile, cells: Mapping[str, str]) -> BankResult | None:
    """What a line of the bank's answer says, its cells by header as `spelling` writes them; None
    for a line without a reference, such as the totals. Raises ValueError for one that does not say
    what became of the payment."""
    names = profile.results
    said = {
        name: tidy(cells[spelling(getattr(names, name))])
        for name in ("reference", "amount", "outcome", "reason")
    }
    if not said["reference"]:
        return None
    if said["outcome"] in names.paid:
        outcome, returned = Outcome.PAID, None
    elif said["outcome"] in names.returned:
        outcome, returned = Outcome.RETURNED, _REASON.validate_python(said["reason"] or "未说明")
    else:
        raise ValueError("outcome")
    return BankResult(said["reference"], fen_of(said["amount"]), outcome, returned)
