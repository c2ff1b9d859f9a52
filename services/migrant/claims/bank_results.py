"""The bank's answer (回盘文件), read line by line: what was paid, and what came back and why. The
same file twice changes nothing."""

import asyncio
from collections.abc import Sequence
from io import BytesIO
from uuid import UUID

from services.migrant.claims.bank_files import profile_of, register
from services.migrant.claims.bank_rules import BankProfile, BankResult, result_of
from services.migrant.claims.bank_schemas import BankAnswer, BankLine, BankResults, Direction
from services.migrant.claims.errors import BankFileTooLarge, BankFileUnreadable
from services.migrant.claims.paying import Settlement, finish, list_at, open_lines, settle_line
from services.migrant.claims.received_models import ClaimPaymentLine, ReceivedClaim
from services.migrant.claims.received_queries import get_list, reference_of
from services.migrant.claims.received_rules import ClaimListStatus, Outcome
from shared.db import Tx
from shared.sheets_in import Sheet, SheetRefused, format_of, open_sheet, spelling

MOST_BYTES = 5 * 1024 * 1024
_LINES = "SELECT * FROM claim_payment_lines WHERE list_id = $1 AND NOT taken_off FOR UPDATE"

Read = tuple[int, BankResult | None]  # of which line; None where it cannot be read


async def enter_results(list_id: UUID, content: bytes, answer: BankAnswer, tx: Tx) -> BankResults:
    """Enter what the bank says of an approved list, or of one it said everything of before. Raises
    NotFound, ClaimListNotNow, UnknownBankProfile, BankFileTooLarge, BankFileUnreadable,
    UnsupportedFile."""
    if len(content) > MOST_BYTES:
        raise BankFileTooLarge()
    drawn, claims = await list_at(list_id, tx, ClaimListStatus.APPROVED, ClaimListStatus.PAID)
    profile = await profile_of(answer.profile, drawn, tx)
    read = await asyncio.to_thread(_read, content, profile)
    lines = {reference_of(each): each for each in await tx.find(ClaimPaymentLine, _LINES, list_id)}
    of = {each.id: each for each in claims}
    entered = [await _enter(each, lines, of, answer, tx) for each in read]
    if any(each.entered for each in entered):
        await register(
            drawn,
            profile,
            content,
            tx,
            direction=Direction.IN,
            lines=len(read),
            total_fen=sum(result.amount_fen for _, result in read if result is not None),
        )
        await finish(drawn, Settlement(answer.reference, answer.settled_on), tx)
    view = await get_list(list_id, tx)
    outcomes = [each.outcome for each in lines.values()]
    return BankResults(
        status=view.status,
        lines=entered,
        paid=outcomes.count(Outcome.PAID),
        returned=outcomes.count(Outcome.RETURNED),
        open=len(await open_lines(list_id, tx)),
        settled_on=answer.settled_on,
    )


async def _enter(
    read: Read,
    lines: dict[str, ClaimPaymentLine],
    claims: dict[UUID, ReceivedClaim],
    answer: BankAnswer,
    tx: Tx,
) -> BankLine:
    number, result = read
    if result is None:
        return _told(number, None, problem="line-unreadable")
    line = lines.get(result.reference)
    if line is None:
        return _told(number, result, problem="unknown-payment")
    if line.amount_fen != result.amount_fen:
        return _told(number, result, problem="other-sum")
    if line.outcome is not None:
        same = line.outcome == result.outcome
        return _told(number, result, problem=None if same else "entered-otherwise")
    settlement = Settlement(answer.reference, answer.settled_on, result.returned)
    await settle_line(line, claims[line.claim_id], settlement, tx)
    return _told(number, result, entered=True)


def _told(
    number: int, result: BankResult | None, *, entered: bool = False, problem: str | None = None
) -> BankLine:
    return BankLine(
        line=number,
        reference=result.reference if result else None,
        outcome=result.outcome if result else None,
        entered=entered,
        problem=problem,
    )


def _read(content: bytes, profile: BankProfile) -> Sequence[Read]:
    """Blocking. Raises BankFileUnreadable, UnsupportedFile."""
    try:
        sheet = open_sheet(BytesIO(content), format_of(content[:8]))
        return [each for each in _lines(sheet, profile) if each is not None]
    except SheetRefused as error:
        raise BankFileUnreadable() from error


def _lines(sheet: Sheet, profile: BankProfile) -> list[Read | None]:
    headers = [spelling(each) for each in sheet.headers]
    names = profile.results
    needed = (names.reference, names.amount, names.outcome, names.reason)
    if missing := [each for each in needed if spelling(each) not in headers]:
        raise BankFileUnreadable(missing=missing)
    found: list[Read | None] = []
    for line in sheet.lines:
        if line.fault is not None:
            found.append((line.number, None))
            continue
        try:
            result = result_of(profile, dict(zip(headers, line.cells, strict=True)))
        except ValueError:
            found.append((line.number, None))
            continue
        found.append(None if result is None else (line.number, result))
    return found
