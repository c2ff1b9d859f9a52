"""What becomes of a claim that another county sent: which office of ours it goes to, and what
follows from its steps, our decision and the payment. Pure.

Money that was paid is a fact: nothing the other side says later makes it unpaid."""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from services.migrant.claims.rules import Standing, TellStep
from services.migrant.types import COUNTY_DIGITS

OPEN: Final = frozenset({Standing.RECEIVED, Standing.OBJECTED})  # to be decided on
CLOSED: Final = frozenset({Standing.CONFIRMED, Standing.WITHDRAWN})
MOST_ON_A_LIST: Final = 500


class ClaimListStatus(StrEnum):
    """Where a list of payments stands (支付清单状态)."""

    DRAWN_UP = "drawn-up"  # 拟定,待第二人批准
    APPROVED = "approved"  # 已批准,支付中:清单内容不再变动
    PAID = "paid"  # 支付办结,退汇的已退回
    WITHDRAWN = "withdrawn"  # 撤回


class Outcome(StrEnum):
    """What became of a payment at the bank (支付结果)."""

    PAID = "paid"  # 支付成功
    RETURNED = "returned"  # 退汇


class Level(StrEnum):
    """Which level of the county answers for a claim (经办层级)."""

    COUNTY = "county"
    TOWNSHIP = "township"


_TOWNSHIP_DIGITS: Final = 9
Office = Annotated[str, Field(pattern=r"^[a-z0-9-]{2,40}$")]


class Route(BaseModel):
    """Claims of a service (null: of any) go to this office; `area` is the place that says so,
    null as shipped."""

    model_config = ConfigDict(frozen=True)

    area: str | None = None
    service: str | None
    level: Level
    office: Office
    source: str


ROUTES: Final[tuple[Route, ...]] = tuple(
    TypeAdapter(list[Route]).validate_json(Path(__file__).with_name("routes.json").read_bytes())
)


def chosen(service: str, own: Iterable[Route]) -> Route:
    """A line about the service goes before one about any, the county's own before a shipped one,
    the smaller area before the larger."""
    fitting = [each for each in (*own, *ROUTES) if each.service in (None, service)]
    return max(
        fitting,
        key=lambda each: (each.area is not None, each.service is not None, len(each.area or "")),
    )


def place_of(route: Route, payer_region: str, home_region: str | None) -> str:
    """Where a claim goes: to the township of her household register where the rule is so and the
    register names one of this county, else to where it was addressed."""
    home = (home_region or "")[:_TOWNSHIP_DIGITS]
    known = len(home) == _TOWNSHIP_DIGITS and home.startswith(payer_region[:COUNTY_DIGITS])
    return home if known and route.level is Level.TOWNSHIP else payer_region


# Step of the residence → what the claim becomes here, and the standings it changes.
_BECOMES: Final[Mapping[TellStep, tuple[Standing, frozenset[Standing]]]] = {
    TellStep.OBJECTED: (
        Standing.OBJECTED,
        frozenset({Standing.ACCEPTED, Standing.REFUSED, Standing.PAID}),
    ),
    TellStep.CONFIRMED: (Standing.CONFIRMED, frozenset({Standing.PAID})),
    TellStep.WITHDRAWN: (
        Standing.WITHDRAWN,
        frozenset({Standing.RECEIVED, Standing.ACCEPTED, Standing.REFUSED, Standing.OBJECTED}),
    ),
}


def after_step(standing: Standing, step: TellStep, paid_fen: int | None) -> Standing:
    """Where a claim stands after a step of the residence; where it stood, if ours was faster."""
    becomes, from_ = _BECOMES.get(step, (standing, frozenset[Standing]()))
    if standing not in from_ or (step is TellStep.WITHDRAWN and paid_fen):
        return standing
    return becomes


def takes_correction(standing: Standing, paid_fen: int | None) -> bool:
    """Whether what the residence put right is decided anew."""
    return not paid_fen and standing not in CLOSED


def after_decision(granted_fen: int | None, paid_fen: int | None) -> Standing:
    """A grant of what was paid already leaves nothing to pay."""
    if granted_fen is None:
        return Standing.REFUSED
    return Standing.PAID if granted_fen == paid_fen else Standing.ACCEPTED


def pay_by(decided_on: date, pay_days: int) -> date:
    return decided_on + timedelta(days=pay_days)
