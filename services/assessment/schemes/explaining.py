"""How a value becomes points, in words. Pure."""

from decimal import Decimal

from services.assessment.fields import Words
from services.assessment.schemes.rules import steps_of
from services.assessment.schemes.schemas import Bounds, Curve, QualityItem, SchemeItem


def meaning_of_item(item: SchemeItem) -> Words:
    """E.g. "95 or better earns 40 points, 50 or worse none, in proportion between"."""
    parts = [_curve(item), _bonus(item)]
    parts += [_of_type(each.area_type, each) for each in item.by_area_type]
    said = [each for each in parts if each is not None]
    return Words(zh=";".join(each.zh for each in said), en="; ".join(each.en for each in said))


def meaning_of_discount(item: QualityItem) -> Words:
    """E.g. "poor data takes up to 10 % of the score …"."""
    most, target, floor = (plain(each) for each in (item.most, item.target, item.floor))
    return Words(
        zh=f"数据质量折扣:达到{target}不扣,{floor}及更差扣总分的{most}%,其间按比例",
        en=f"discount for the quality of the data: nothing at {target} or better,"
        f" {most} % of the score at {floor} or worse, in proportion between",
    )


def plain(number: Decimal) -> str:
    """A number without zeros that say nothing."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _curve(item: SchemeItem) -> Words:
    if item.curve == Curve.LINEAR:
        target, floor, weight = (plain(each) for each in (item.target, item.floor, item.weight))
        return Words(
            zh=f"达到{target}得{weight}分,{floor}及更差不得分,其间按比例",
            en=f"{target} or better earns {weight} points, {floor} or worse none, in proportion"
            " between",
        )
    steps = [(plain(each.at), plain(each.points)) for each in steps_of(item)]
    return Words(
        zh="分档:" + ",".join(f"达到{at}得{points}分" for at, points in steps) + ",更差不得分",
        en="in steps: "
        + ", ".join(f"{points} points from {at}" for at, points in steps)
        + ", none where worse",
    )


def _bonus(item: SchemeItem) -> Words | None:
    if item.cap is None:
        return None
    bonus, cap = plain(item.bonus), plain(item.cap)
    return Words(
        zh=f"超过目标每1加{bonus}分,最高{cap}分",
        en=f"{bonus} more for each 1 beyond the target, {cap} at most",
    )


def _of_type(code: str, bounds: Bounds) -> Words:
    target, floor = plain(bounds.target), plain(bounds.floor)
    return Words(
        zh=f"类别{code}:目标{target},底线{floor}", en=f"type {code}: target {target}, floor {floor}"
    )
