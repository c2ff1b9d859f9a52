"""The bank's file of an approved list (代发文件): given to its approver alone, registered with its
totals and control sum. And the layouts it is written in."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID

from services.migrant.claims.bank_rules import (
    SHIPPED_PROFILES,
    BankProfile,
    Payment,
    control_sum,
    rows_of,
)
from services.migrant.claims.bank_schemas import (
    BankFileView,
    BankProfileView,
    Direction,
    GiveOutBankFile,
    SetBankProfile,
)
from services.migrant.claims.errors import AccountMissing, NotTheApprover, UnknownBankProfile
from services.migrant.claims.paying import list_at, open_lines
from services.migrant.claims.received_models import (
    BankFile,
    BankProfileRow,
    ClaimPaymentLine,
    ClaimPaymentList,
    ReceivedClaim,
)
from services.migrant.claims.received_queries import reference_of, subject_of
from services.migrant.claims.received_rules import ClaimListStatus
from services.migrant.claims.sealing import opened
from services.migrant.types import COUNTY_DIGITS
from shared.db import Tx
from shared.ids import new_id
from shared.problems import OutsideJurisdiction
from shared.sheets import BOM, CSV_MEDIA, XLSX_MEDIA, csv_lines, workbook

_SET = """
INSERT INTO bank_profiles (area, code, profile, set_at, set_by) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (area, code) DO UPDATE
SET profile = excluded.profile, set_at = excluded.set_at, set_by = excluded.set_by
"""


@dataclass(frozen=True)
class GivenOut:
    """A file and its registration."""

    view: BankFileView
    name: str
    media_type: str
    content: bytes


async def set_profile(command: SetBankProfile, tx: Tx) -> BankProfileView:
    """For the whole county, as its lists are. Raises OutsideJurisdiction."""
    county, profile = command.region[:COUNTY_DIGITS], command.profile
    if not tx.actor.covers(county):
        raise OutsideJurisdiction()
    said = profile.model_dump(mode="json")
    await tx.execute(_SET, county, profile.code, said, tx.now, tx.actor.sub)
    return BankProfileView(region=county, profile=profile)


async def list_profiles(region: str, tx: Tx) -> Sequence[BankProfileView]:
    """The layouts of the county of `region`, its own before a shipped one of the same code."""
    own = await tx.find(
        BankProfileRow,
        "SELECT * FROM bank_profiles WHERE starts_with($1, area) ORDER BY code",
        region,
    )
    found = {each.code: BankProfileView(region=None, profile=each) for each in SHIPPED_PROFILES}
    found |= {
        each.code: BankProfileView(
            region=each.area, profile=BankProfile.model_validate(each.profile)
        )
        for each in own
    }
    return [found[code] for code in sorted(found)]


async def profile_of(code: str, drawn: ClaimPaymentList, tx: Tx) -> BankProfile:
    """The layout of a list's county. Raises UnknownBankProfile."""
    for each in await list_profiles(drawn.region, tx):
        if each.profile.code == code:
            return each.profile
    raise UnknownBankProfile()


async def give_out(list_id: UUID, command: GiveOutBankFile, tx: Tx) -> GivenOut:
    """The file of what is still to be paid: each line a look. Raises NotFound, ClaimListNotNow,
    NotTheApprover, UnknownBankProfile, AccountMissing."""
    drawn, claims = await list_at(list_id, tx, ClaimListStatus.APPROVED)
    if drawn.approved_by != tx.actor.sub:
        raise NotTheApprover()
    profile = await profile_of(command.profile, drawn, tx)
    of = {each.id: each for each in claims}
    lines = await open_lines(list_id, tx)
    payments = [_payment(each, of[each.claim_id], tx) for each in lines]
    content = _written(profile, payments)
    view = await register(
        drawn,
        profile,
        content,
        tx,
        direction=Direction.OUT,
        lines=len(payments),
        total_fen=sum(each.amount_fen for each in payments),
        control_sum=control_sum(payments),
    )
    media_type = CSV_MEDIA if profile.format == "csv" else XLSX_MEDIA
    if profile.encoding == "gb18030":
        media_type = media_type.replace("utf-8", "gb18030")
    return GivenOut(view, f"{view.sha256[:12]}.{profile.format}", media_type, content)


async def register(
    drawn: ClaimPaymentList,
    profile: BankProfile,
    content: bytes,
    tx: Tx,
    *,
    direction: Direction,
    lines: int,
    total_fen: int,
    control_sum: str | None = None,
) -> BankFileView:
    """Note a file that went out or came back."""
    row = BankFile(
        id=new_id(),
        list_id=drawn.id,
        direction=direction,
        profile=profile.code,
        sha256=sha256(content).hexdigest(),
        lines=lines,
        total_fen=total_fen,
        control_sum=control_sum,
        at=tx.now,
        by=tx.actor.sub,
    )
    await tx.add(row)
    return BankFileView.model_validate(row.model_dump())


async def list_files(list_id: UUID, tx: Tx) -> Sequence[BankFileView]:
    """Every file of a list, the oldest first. Raises NotFound."""
    await tx.require(ClaimPaymentList, list_id)
    rows = await tx.fetch("SELECT * FROM claim_bank_files WHERE list_id = $1 ORDER BY id", list_id)
    return [BankFileView(**row) for row in rows]


def _payment(line: ClaimPaymentLine, claim: ReceivedClaim, tx: Tx) -> Payment:
    account = opened(claim, "account", tx)
    if account is None:
        raise AccountMissing(claim_id=str(claim.id))
    tx.saw(subject_of(claim), "claim")
    name = opened(claim, "name", tx) or ""
    return Payment(reference_of(line), account, name, line.amount_fen)


def _written(profile: BankProfile, payments: Sequence[Payment]) -> bytes:
    headers, rows = [each.header for each in profile.columns], rows_of(profile, payments)
    if profile.format == "xlsx":
        return workbook("代发", headers, rows)
    text = csv_lines([headers, *rows])
    return BOM + text if profile.encoding == "utf-8" else text.decode().encode(profile.encoding)
