"""Setting benefits, drawing lists up, and what a human has to look at before they are audited."""

from typing import Any
from uuid import UUID

from services.migrant.benefits.errors import (
    AlreadyListed,
    AmountDoesNotFit,
    ClearedBefore,
    FindingsOpen,
    LineNotNow,
    ListEmpty,
    ListFull,
    ListNotNow,
    NoProgramme,
    NoSuchFinding,
    ProgrammeExists,
)
from services.migrant.benefits.models import (
    BenefitClearance,
    BenefitLine,
    BenefitList,
    BenefitStep,
)
from services.migrant.benefits.queries import (
    all_programmes,
    clearance_place,
    get_list,
    line_view,
    list_findings,
    open_findings,
    place,
)
from services.migrant.benefits.rules import (
    MOST_LINES,
    LineStatus,
    ListStatus,
    Programme,
    StepKind,
    programme_for,
)
from services.migrant.benefits.schemas import (
    AddLines,
    AmendLine,
    ClearFinding,
    DrawUpList,
    FileLine,
    LineAdded,
    LinesAdded,
    LineView,
    NewLine,
    RemoveLine,
    SetProgramme,
    WholeListView,
)
from services.migrant.errors import NameDiffers, PersonNotFound
from services.migrant.people.queries import current_id, find_known
from services.migrant.people.rules import same_name
from shared.db import Tx
from shared.ids import new_id
from shared.problems import OutsideJurisdiction

_LISTED = """
SELECT EXISTS (SELECT FROM benefit_lines
               WHERE list_id = $1 AND person_id = $2 AND amount_fen = $3
                 AND account_index IS NOT DISTINCT FROM $4 AND status <> 'removed')
"""
# A list in these states may still change; an approval of what changes falls.
_CHANGEABLE = (ListStatus.DRAWN_UP, ListStatus.SUBMITTED, ListStatus.APPROVED)


async def set_programme(command: SetProgramme, tx: Tx) -> Programme:
    """Programmes are added, never changed: lists already drawn up keep theirs. Raises
    OutsideJurisdiction, ProgrammeExists."""
    if not tx.actor.covers(command.region):
        raise OutsideJurisdiction()
    added = await tx.execute(
        "INSERT INTO benefit_programmes (code, since, rule, recorded_at, recorded_by)"
        " VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
        command.code,
        command.since,
        command.model_dump(mode="json"),
        tx.now,
        tx.actor.sub,
    )
    if added != "INSERT 0 1":
        raise ProgrammeExists()
    return Programme(**command.model_dump())


async def draw_up_list(command: DrawUpList, tx: Tx) -> WholeListView:
    """Raises OutsideJurisdiction, NoProgramme."""
    if not tx.actor.covers(command.region):
        raise OutsideJurisdiction()
    programme = programme_for(await all_programmes(tx), command.programme, command.period)
    if programme is None or not command.region.startswith(programme.region):
        raise NoProgramme()
    drawn = BenefitList(
        id=new_id(),
        programme_since=programme.since,
        status=ListStatus.DRAWN_UP,
        revision=1,
        drawn_by=tx.actor.sub,
        drawn_org=tx.actor.org,
        drawn_at=tx.now,
        **command.model_dump(),
    )
    await tx.add(drawn)
    await note(drawn.id, StepKind.DRAWN_UP, tx)
    return await get_list(drawn.id, tx)


async def add_lines(list_id: UUID, command: AddLines, tx: Tx) -> LinesAdded:
    """Add payments; a line that does not fit is told and the others go on. The same person twice
    is added and found, never dropped. Raises NotFound, ListNotNow, ListFull."""
    drawn = await changing(list_id, tx)
    await _require_room(list_id, len(command.lines), tx)
    programme = await _programme_of(drawn, tx)
    items = []
    for each in command.lines:
        if not programme.fits(each.amount_fen):
            items.append(LineAdded(line_id=None, problem=AmountDoesNotFit.type))
            continue
        items.append(LineAdded(line_id=await _add(drawn, each, tx), problem=None))
    added = sum(each.problem is None for each in items)
    await note(list_id, StepKind.LINES_ADDED, tx, lines=added)
    return LinesAdded(items=items)


async def file_line(command: FileLine, tx: Tx) -> UUID:
    """A line of a sheet; the id of the payment. The very same payment is on the list once, however
    often it is filed; another sum for the same person is added and found. Raises NotFound,
    ListNotNow, ListFull, PersonNotFound, NameDiffers, AmountDoesNotFit, AlreadyListed."""
    drawn = await changing(command.list_id, tx)
    known = await find_known(command.id_number, tx)
    if known is None:
        raise PersonNotFound()
    if not same_name(known.name, command.name):
        raise NameDiffers()
    new = NewLine(
        person_id=known.person_id,
        name=command.name,
        amount_fen=command.amount_fen,
        account=command.account,
    )
    if not (await _programme_of(drawn, tx)).fits(new.amount_fen):
        raise AmountDoesNotFit()
    index = None if new.account is None else tx.vault.index(new.account, "benefit_account")
    if await tx.fetch_value(_LISTED, drawn.id, known.person_id, new.amount_fen, index):
        raise AlreadyListed()
    await _require_room(drawn.id, 1, tx)
    line_id = await _add(drawn, new, tx)
    await note(drawn.id, StepKind.LINES_ADDED, tx, lines=1)
    return line_id


async def _require_room(list_id: UUID, lines: int, tx: Tx) -> None:
    """Raises ListFull."""
    count = await tx.fetch_value("SELECT count(*) FROM benefit_lines WHERE list_id = $1", list_id)
    if count + lines > MOST_LINES:
        raise ListFull(most=MOST_LINES)


async def _add(drawn: BenefitList, new: NewLine, tx: Tx) -> UUID:
    line_id = new_id()
    line = BenefitLine(
        id=line_id,
        list_id=drawn.id,
        person_id=await current_id(new.person_id, tx),
        name_sealed=tx.vault.seal(new.name, place(line_id, "name")),
        amount_fen=new.amount_fen,
        status=LineStatus.LISTED,
        recorded_at=tx.now,
        recorded_by=tx.actor.sub,
    )
    _set_account(line, new.account, tx)
    await tx.add(line)
    tx.saw(line.person_id, "benefit")
    return line_id


def _set_account(line: BenefitLine, account: str | None, tx: Tx) -> None:
    if account is not None:
        line.account_sealed = tx.vault.seal(account, place(line.id, "account"))
        line.account_index = tx.vault.index(account, "benefit_account")


async def amend_line(line_id: UUID, command: AmendLine, tx: Tx) -> LineView:
    """Raises NotFound, ListNotNow, LineNotNow, AmountDoesNotFit."""
    line, drawn = await _line_of(line_id, tx)
    if command.amount_fen is not None:
        if not (await _programme_of(drawn, tx)).fits(command.amount_fen):
            raise AmountDoesNotFit()
        line.amount_fen = command.amount_fen
    _set_account(line, command.account, tx)
    line.recorded_by, line.recorded_at = tx.actor.sub, tx.now
    await tx.save(line)
    changed = sorted(command.model_dump(exclude_none=True))
    await note(drawn.id, StepKind.LINE_AMENDED, tx, line_id=line_id, changed=changed)
    return line_view(line, tx)


async def remove_line(line_id: UUID, command: RemoveLine, tx: Tx) -> LineView:
    """Take a line off; it stays readable for the audit. Raises NotFound, ListNotNow, LineNotNow."""
    line, drawn = await _line_of(line_id, tx)
    line.status = LineStatus.REMOVED
    line.removal_sealed = tx.vault.seal(command.reason, place(line.id, "removal"))
    await tx.save(line)
    await note(drawn.id, StepKind.LINE_REMOVED, tx, line_id=line_id)
    return line_view(line, tx)


async def _line_of(line_id: UUID, tx: Tx) -> tuple[BenefitLine, BenefitList]:
    drawn = await changing((await tx.require(BenefitLine, line_id)).list_id, tx)
    line = await tx.require(BenefitLine, line_id, lock=True)  # the list first, as everywhere
    if line.status != LineStatus.LISTED:
        raise LineNotNow()
    return line, drawn


async def clear_finding(list_id: UUID, command: ClearFinding, tx: Tx) -> WholeListView:
    """A human looked and lets the line stand, with a reason. Raises NotFound, ListNotNow,
    NoSuchFinding, ClearedBefore."""
    await changing(list_id, tx)
    key = (command.line_id, command.kind, command.other)
    found = {
        (each.line_id, each.kind, each.other): each for each in await list_findings(list_id, tx)
    }
    if key not in found:
        raise NoSuchFinding()
    if found[key].cleared is not None:
        raise ClearedBefore()
    clearance_id = new_id()
    clearance = BenefitClearance(
        id=clearance_id,
        line_id=command.line_id,
        kind=command.kind,
        other=command.other,
        reason_sealed=tx.vault.seal(command.reason, clearance_place(clearance_id)),
        cleared_by=tx.actor.sub,
        cleared_at=tx.now,
    )
    await tx.add(clearance)
    await note(
        list_id, StepKind.FINDING_CLEARED, tx, line_id=command.line_id, kind=command.kind.value
    )
    return await get_list(list_id, tx)


async def submit_list(list_id: UUID, tx: Tx) -> WholeListView:
    """Hand a list to the audit (送审). Raises NotFound, ListNotNow, ListEmpty, FindingsOpen."""
    drawn = await at(list_id, tx, ListStatus.DRAWN_UP)
    if not await tx.fetch_value(
        "SELECT EXISTS (SELECT FROM benefit_lines WHERE list_id = $1 AND status = 'listed')",
        list_id,
    ):
        raise ListEmpty()
    await require_no_findings(list_id, tx)
    drawn.status = ListStatus.SUBMITTED
    await tx.save(drawn)
    await note(list_id, StepKind.SUBMITTED, tx)
    return await get_list(list_id, tx)


async def withdraw_list(list_id: UUID, tx: Tx) -> WholeListView:
    """Give a list up before anything is paid. Raises NotFound, ListNotNow."""
    drawn = await at(list_id, tx, *_CHANGEABLE)
    drawn.status = ListStatus.WITHDRAWN
    await tx.save(drawn)
    await note(list_id, StepKind.WITHDRAWN, tx)
    return await get_list(list_id, tx)


async def require_no_findings(list_id: UUID, tx: Tx) -> None:
    """Raises FindingsOpen."""
    if count := await open_findings(list_id, tx):
        raise FindingsOpen(open=count)


async def at(list_id: UUID, tx: Tx, *states: ListStatus) -> BenefitList:
    """The list, locked, in one of these states. Raises NotFound, ListNotNow."""
    drawn = await tx.require(BenefitList, list_id, lock=True)
    if drawn.status not in states:
        raise ListNotNow(stands=drawn.status)
    return drawn


async def changing(list_id: UUID, tx: Tx) -> BenefitList:
    """The list, about to be changed: what was approved was not this, so approvals fall. Raises
    NotFound, ListNotNow."""
    drawn = await at(list_id, tx, *_CHANGEABLE)
    await fall_back(drawn, tx)
    return drawn


async def fall_back(drawn: BenefitList, tx: Tx) -> None:
    """To the drawing board, without the approvals it had."""
    if drawn.status == ListStatus.DRAWN_UP:
        return
    approvals = await tx.fetch_value(
        "SELECT count(*) FROM benefit_approvals WHERE list_id = $1 AND revision = $2",
        drawn.id,
        drawn.revision,
    )
    drawn.status, drawn.content_hash = ListStatus.DRAWN_UP, None
    drawn.revision += 1
    await tx.save(drawn)
    if approvals:
        await note(drawn.id, StepKind.APPROVALS_FELL, tx, approvals=approvals)


async def note(
    list_id: UUID, step: StepKind, tx: Tx, *, line_id: UUID | None = None, **detail: Any
) -> None:
    """Write a step into the trail; `detail` holds counts, kinds and hashes, never a person."""
    await tx.add(
        BenefitStep(
            id=new_id(),
            list_id=list_id,
            step=step,
            line_id=line_id,
            detail=detail,
            done_at=tx.now,
            done_by=tx.actor.sub,
            done_org=tx.actor.org,
        )
    )


async def _programme_of(drawn: BenefitList, tx: Tx) -> Programme:
    programme = programme_for(await all_programmes(tx), drawn.programme, drawn.period)
    if programme is None:
        raise NoProgramme()
    return programme
