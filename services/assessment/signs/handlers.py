"""Looking at a month, and taking the office's answer."""

from dataclasses import asdict
from datetime import date, timedelta
from uuid import UUID

from services.assessment.signs.errors import SignAnswered
from services.assessment.signs.models import Sign, SignSearch
from services.assessment.signs.queries import answer_place, figures_of, require_sign, view_of
from services.assessment.signs.rules import Outcome, ask, checks, month_to_search
from services.assessment.signs.schemas import AnswerSign, SignView
from shared.db import Tx
from shared.ids import new_id
from shared.problems import OutsideJurisdiction


async def search_due(home: str, tx: Tx) -> None:
    """Look at the oldest month that has ended and was not looked at, if there is one."""
    newest = await tx.fetch_value("SELECT max(month) FROM sign_searches")
    month = month_to_search(tx.today - timedelta(days=checks().after_days), newest)
    if month is not None:
        await search_month(month, home, tx)


async def search_month(month: date, home: str, tx: Tx) -> None:
    """Test what was counted of the county's own offices in the month that begins on `month`, once:
    one that another replica is at is waited for and then left alone."""
    search = SignSearch(observer=home, month=month, tested=0, asked=0, searched_at=tx.now)
    if not await tx.add_if_new(search):
        return
    search.tested, asked = ask(await figures_of(month, home, checks(), tx), checks())
    for each in asked:
        await tx.add(_sign(each, month, home, tx))
    search.asked = len(asked)
    await tx.save(search)


async def answer_sign(command: AnswerSign, sign_id: UUID, tx: Tx) -> SignView:
    """The asked office explains, once. Raises SignNotFound, SignAnswered, OutsideJurisdiction for
    somebody who sees the question and does not answer for the area."""
    sign = await require_sign(sign_id, tx, lock=True)
    if not tx.actor.covers(sign.area):
        raise OutsideJurisdiction()
    if sign.answered_at is not None:
        raise SignAnswered()
    sign.explanation = command.explanation
    sign.answer_sealed = tx.vault.seal(command.words, answer_place(sign.id))
    sign.answered_at, sign.answered_by = tx.now, tx.actor.sub
    await tx.save(sign)
    return view_of(sign, tx)


def _sign(tested: Outcome, month: date, home: str, tx: Tx) -> Sign:
    return Sign(
        id=new_id(),
        observer=home,
        area=tested.subject.area,
        office=tested.subject.office,
        month=month,
        check=tested.check,
        kind=tested.subject.kind,
        cases=tested.cases,
        share=round(tested.share, 4),
        p=tested.p,
        same_as=tested.same_as,
        bars=[asdict(bar) for bar in tested.bars],
        raised_at=tx.now,
    )
