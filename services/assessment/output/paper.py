"""What the printed card says. Pure."""

from decimal import Decimal

from services.assessment.output.charts import losses_chart, say, subject
from services.assessment.output.curves import curve_chart
from services.assessment.output.schemas import CardLine, CardView, Tongue
from services.assessment.output.words import CARD_STATUS, GROUNDS, STATUS, label
from services.assessment.schemes.explaining import plain

_HEADS = ("indicator", "value", "target", "counts", "points", "lost", "curve", "formula")
_ROOMY = 8  # indicators up to which the page has room for full size


def paper_of(card: CardView, tongue: Tongue) -> dict[str, object]:
    """The data of card.typ: one page, however many indicators (40 at most)."""
    roomy = len(card.lines) <= _ROOMY
    return {
        "language": tongue.value,
        "title": label("title", tongue),
        "scheme": f"{say(card.scheme_name, tongue)} v{card.scheme_version}",
        "status": say(CARD_STATUS[card.status], tongue),
        "facts": _facts(card, tongue),
        "score": "—" if card.score is None else plain(card.score),
        "score_unit": label("no_score", tongue) if card.score is None else "/ 100",
        "notes": _notes(card, tongue),
        "chart": losses_chart(card, tongue),
        "heads": [label(each, tongue) for each in _HEADS],
        "rows": [_row(line, tongue) for line in card.lines],
        "curves": [curve_chart(line) if line.curve else "" for line in card.lines],
        "table_size": 8 if roomy else 5.5 if len(card.lines) > 20 else 6.5,
        "table_inset": 3.2 if roomy else 1.8,
        "source": label("source", tongue),
    }


def _facts(card: CardView, tongue: Tongue) -> list[tuple[str, str]]:
    days = f"{card.period} ({card.starts_on} – {card.ends_on})"
    facts = [
        (label("subject", tongue), subject(card)),
        (label("period", tongue), days),
        (label("edition", tongue), str(card.edition)),
        (label("computed_at", tongue), card.computed_at.date().isoformat()),
    ]
    if card.appeal_until is not None:
        facts.append((label("appeal", tongue), card.appeal_until.isoformat()))
    return facts


def _notes(card: CardView, tongue: Tongue) -> list[tuple[str, str]]:
    """Veto, how much could be judged, and where the two sides differ: said even when there is
    nothing, so that silence is never mistaken for a good answer."""
    vetoes = "; ".join(f"{say(GROUNDS[v.ground], tongue)} ({v.period})" for v in card.vetoes)
    if card.two_sides is None:
        sides = label("not_asked", tongue)
    else:
        sides = "; ".join(
            f"{say(each.name, tongue)}: {label('own_side', tongue)} {plain(each.own)}"
            f" ({each.own_cases}), {label('other_side', tongue)} {plain(each.other)}"
            f" ({each.other_cases})"
            for each in card.two_sides
        ) or label("agree", tongue)
    return [
        (label("veto", tongue), vetoes or label("no_veto", tongue)),
        (label("quality", tongue), f"{plain(card.judged_weight)} / 100"),
        (label("two_sides", tongue), sides),
        *_discounts(card, tongue),
        *_parts(card, tongue),
    ]


def _discounts(card: CardView, tongue: Tongue) -> list[tuple[str, str]]:
    """What poor data took and why, on a line of its own, also where it took nothing."""
    return [
        (
            label("discount", tongue),
            f"{say(line.name, tongue)}: −{plain(line.taken)} %"
            f" ({say(line.meaning, tongue) if line.meaning else ''})",
        )
        for line in card.lines
        if line.taken is not None
    ]


def _parts(card: CardView, tongue: Tongue) -> list[tuple[str, str]]:
    """What each version of the scheme judged, where there are two."""
    spans = {
        (part.starts_on, part.ends_on, part.scheme_version)
        for line in card.lines
        for part in line.parts
    }
    return [
        (
            f"{starts_on} – {ends_on}, v{version}",
            "; ".join(
                f"{say(line.name, tongue)} {_earned(part.points, part.weight)}"
                for line in card.lines
                for part in line.parts
                if part.starts_on == starts_on
            ),
        )
        for starts_on, ends_on, version in sorted(spans)
    ]


def _earned(points: Decimal | None, weight: Decimal) -> str:
    return f"{'—' if points is None else plain(points)} / {plain(weight)}"


def _row(line: CardLine, tongue: Tongue) -> tuple[str, ...]:
    unit = say(line.unit, tongue)
    value = (
        say(STATUS[line.status], tongue) if line.value is None else f"{plain(line.value)} {unit}"
    )
    return (
        say(line.name, tongue),
        value,
        plain(line.target),
        f"{_count(line.numerator, tongue)} / {_count(line.denominator, tongue)}",
        _earned(line.points, line.weight) if line.taken is None else f"−{plain(line.taken)} %",
        "—" if line.lost is None else plain(line.lost),
        say(line.formula, tongue),
    )


def _count(count: int | None, tongue: Tongue) -> str:
    return label("few", tongue) if count is None else f"{count:,}"
