"""Which figures may be open. Pure.

A count of one to nine is withheld, and so is what tells it: the other part of a share, the whole
where an area and its parts, an office and the area, or a month and its quarter could be
subtracted (shared/suppression.py), the value and the points that follow from the counts, and the
score where it would give the points of a single withheld item away.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from services.assessment.open_data.schemas import COLUMNS, Figure, OpenCard
from services.assessment.output.rules import judged_weight
from services.assessment.periods import PeriodKind, parse_period, period_on
from shared.suppression import Balance, hidden_cells

# indicator and its version, period, area, office; and which figure of it
Place = tuple[str, int, str, str, str]
Cell = tuple[Place, str]
Row = list[str | None]

SUPPRESSED = "suppressed"
_KINDS = list(PeriodKind)  # from the shortest to the longest
_LONGER = {kind: _KINDS[number + 1 :] for number, kind in enumerate(_KINDS)}


def withheld(figures: Iterable[Figure]) -> set[Place]:
    """The places whose figures are not published."""
    by_indicator: dict[tuple[str, int], dict[Place, Figure]] = {}
    for each in figures:
        family = by_indicator.setdefault((each.indicator, each.indicator_version), {})
        family.setdefault(place_of(each), each)
    return {place for family in by_indicator.values() for place in _withheld_of_one(family)}


def place_of(figure: Figure) -> Place:
    return (
        figure.indicator,
        figure.indicator_version,
        figure.period,
        figure.area,
        figure.office,
    )


def scorecard_rows(cards: Sequence[OpenCard]) -> list[Row]:
    closed = _closed(cards)
    return [_card_row(card, closed) for card in cards]


def indicator_rows(cards: Sequence[OpenCard]) -> list[Row]:
    closed = _closed(cards)
    return [_figure_row(each, place_of(each) in closed) for card in cards for each in card.figures]


def dictionary_rows() -> list[Row]:
    return [
        [table.value, column.name, column.type, column.meaning.zh, column.meaning.en]
        for table, columns in COLUMNS.items()
        for column in columns
    ]


def _withheld_of_one(family: dict[Place, Figure]) -> set[Place]:
    values: dict[Cell, int] = {}
    balances: list[Balance[Cell]] = []
    for place, figure in family.items():
        counts = _counts(figure)
        values |= {(place, name): count for name, count in counts.items() if count}
        if "other" in counts:
            balances.append(_balance((place, "whole"), [(place, "part"), (place, "other")], values))
    for number, (whole, parts) in enumerate(_families(list(family))):
        for name in ("part", "other", "whole"):
            cells: list[Cell] = [(each, name) for each in parts]
            rest: Cell = (whole, f"{name} left by {number}")
            left = values.get((whole, name), 0) - sum(values.get(each, 0) for each in cells)
            if left > 0:
                values[rest] = left
            balances.append(_balance((whole, name), [*cells, rest], values))
    hidden = hidden_cells(values, [each for each in balances if each.left])
    return {place for place, _ in hidden if place in family}


def _counts(figure: Figure) -> dict[str, int]:
    """Part and other part of a whole, where it is a share of its own; a mean has only its cases.
    Where the numerator is no part of the denominator the two stand by themselves."""
    if not figure.is_share:
        return {"whole": figure.denominator}
    counts = {"part": figure.numerator, "whole": figure.denominator}
    if figure.numerator <= figure.denominator:
        counts["other"] = figure.denominator - figure.numerator
    return counts


def _balance(whole: Cell, parts: Sequence[Cell], values: dict[Cell, int]) -> Balance[Cell]:
    """Without what is nothing: that there is nobody is no secret, and known to whoever adds up."""
    return Balance(
        tuple(each for each in [whole] if each in values),
        tuple(each for each in parts if each in values),
    )


def _families(places: Sequence[Place]) -> list[tuple[Place, list[Place]]]:
    """Each place with those that are parts of it by area, by office, or by time."""
    there = set(places)
    parts: dict[tuple[Place, str], list[Place]] = {}
    for place in places:
        code, version, period, area, office = place
        for digits in sorted({6, 9} & set(range(len(area))), reverse=True):
            above = (code, version, period, area[:digits], office)
            if above in there:
                parts.setdefault((above, "area"), []).append(place)
                break
        if office and (above := (code, version, period, area, "")) in there:
            parts.setdefault((above, "office"), []).append(place)
        longer = _next_longer(place, there)
        if longer is not None:
            parts.setdefault((longer, parse_period(period).kind), []).append(place)
    return [(whole, found) for (whole, _), found in parts.items()]


def _next_longer(place: Place, there: set[Place]) -> Place | None:
    """The shortest longer period around this one that is there."""
    code, version, text, area, office = place
    period = parse_period(text)
    for kind in _LONGER[period.kind]:
        around = (code, version, period_on(period.start, kind).text, area, office)
        if around in there:
            return around
    return None


def _closed(cards: Sequence[OpenCard]) -> set[Place]:
    """All that is withheld. One figure alone would follow from the score of its card, so the
    lightest of the card's others goes with it, on every card that it stands on."""
    closed = withheld(figure for card in cards for figure in card.figures)
    grown = True
    while grown:
        following = {place for card in cards for place in _beside_one(card, closed)}
        grown = not following <= closed
        closed |= following
    return closed


def _moving(card: OpenCard) -> list[Figure]:
    """The figures that the score was made of: those with points, and the discounts."""
    return [each for each in card.figures if each.points is not None or each.taken]


def _beside_one(card: OpenCard, closed: set[Place]) -> list[Place]:
    scored = _moving(card)
    others = [each for each in scored if place_of(each) not in closed]
    if len(scored) - len(others) != 1 or not others:
        return []
    return [place_of(min(others, key=lambda each: (each.weight, each.indicator)))]


def _card_row(card: OpenCard, closed: set[Place]) -> Row:
    scored = _moving(card)
    alone = len(scored) == 1 and place_of(scored[0]) in closed
    judged = judged_weight((each.weight, each.points) for each in card.figures)
    return [
        card.period,
        card.area,
        card.office,
        card.scheme,
        str(card.scheme_version),
        str(card.edition),
        None if alone else _text(card.score),
        _text(judged),
        card.published_on.isoformat(),
        "true" if card.final else "false",
    ]


def _figure_row(figure: Figure, silent: bool) -> Row:
    counted = figure.status == "ok" and not silent
    return [
        figure.period,
        figure.area,
        figure.office,
        figure.scheme,
        figure.indicator,
        str(figure.indicator_version),
        SUPPRESSED if silent and figure.status == "ok" else figure.status,
        _text(figure.value) if counted else None,
        str(figure.numerator) if counted else None,
        str(figure.denominator) if counted else None,
        _text(figure.weight),
        _text(figure.points) if counted else None,
        _text(figure.taken) if counted else None,
    ]


def _text(number: Decimal | None) -> str | None:
    return None if number is None else f"{number.quantize(Decimal('0.01')):f}"
