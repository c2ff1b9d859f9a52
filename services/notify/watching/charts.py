"""Delivery as pictures. Pure."""

from collections.abc import Sequence
from typing import Final

from services.notify.watching.schemas import DeliveryView, FlowView, HourView, ProviderView
from shared.clock import CHINA
from shared.drawing import FAINT, GRID, PALETTE, Drawing
from shared.problems import Text

_WIDTH: Final = 720
_LEFT: Final = 170
_BAR, _GAP, _TOP = 20, 10, 40
_STATES: Final = (  # field of a flow, words, colour
    ("in_flight", Text("提交中", "in flight"), PALETTE[4]),
    ("awaiting_receipt", Text("待回执", "awaiting receipt"), PALETTE[6]),
    ("unknown", Text("结果不明", "unknown"), PALETTE[1]),
    ("delivered", Text("已送达", "delivered"), PALETTE[2]),
    ("failed", Text("失败", "failed"), PALETTE[5]),
    ("unconfirmed", Text("未确认", "unconfirmed"), PALETTE[3]),
)
_HOURLY: Final = _STATES[3:]
NO_PROVIDER: Final = Text("未提交", "not handed over")
LANES: Final = {"urgent": Text("紧急", "urgent"), "bulk": Text("普通", "bulk")}


def flows_chart(view: DeliveryView, language: str) -> str:
    """A bar a provider and lane: its texts by state."""
    title = Text("各服务商短信状态", "Texts by provider and state")
    drawing = _sheet(title.say(language), len(view.flows))
    _legend(drawing, _STATES, language)
    largest = max((sum(_counts(flow)) for flow in view.flows), default=0) or 1
    for row, flow in enumerate(view.flows):
        y, x = _TOP + row * (_BAR + _GAP), float(_LEFT)
        drawing.text(_LEFT - 8, y + 15, label_of(flow, language), anchor="end")
        for (_, words, colour), texts in zip(_STATES, _counts(flow), strict=True):
            length = (_WIDTH - _LEFT - 80) * texts / largest
            if texts:
                hint = f"{words.say(language)}: {texts:,}"
                drawing.rect(x, y, length, _BAR, fill=colour, hint=hint)
            x += length
        drawing.text(x + 6, y + 15, f"{sum(_counts(flow)):,}", size=11)
    return drawing.svg()


def hours_chart(hours: Sequence[HourView], language: str) -> str:
    """A column an hour, of how its texts ended."""
    title = Text("近 24 小时", "The last 24 hours")
    height, base = 180, 150
    drawing = Drawing(_WIDTH, height, title.say(language), title.say(language))
    _legend(drawing, _HOURLY, language)
    largest = max((h.delivered + h.failed + h.unconfirmed for h in hours), default=0) or 1
    drawing.text(40, 46, f"{largest:,}", size=10, anchor="end", fill=FAINT)
    drawing.line([(46, base), (_WIDTH - 10, base)], stroke=GRID)
    step = (_WIDTH - 60) / max(len(hours), 1)
    for place, hour in enumerate(hours):
        x, y = 50 + place * step, float(base)
        local = hour.hour.astimezone(CHINA)
        ended = (hour.delivered, hour.failed, hour.unconfirmed)
        for (_, words, colour), texts in zip(_HOURLY, ended, strict=True):
            tall = 110 * texts / largest
            y -= tall
            if texts:
                hint = f"{local:%H:00} {words.say(language)}: {texts:,}"
                drawing.rect(x, y, step - 4, tall, fill=colour, hint=hint)
        if place % 3 == 0:
            middle = x + step / 2 - 2
            drawing.text(middle, base + 16, f"{local:%H}", size=10, anchor="middle", fill=FAINT)
    return drawing.svg()


def points_chart(providers: Sequence[ProviderView], language: str) -> str:
    """A bar a provider: the points it has left; the line is the half at which it counts as
    failing."""
    title = Text("服务商分值", "Points of the providers")
    drawing = _sheet(title.say(language), len(providers))
    reach = _WIDTH - _LEFT - 120
    for row, each in enumerate(providers):
        y = _TOP + row * (_BAR + _GAP)
        drawing.text(_LEFT - 8, y + 15, each.provider, anchor="end")
        drawing.rect(_LEFT, y, reach, _BAR, fill=GRID)
        colour = PALETTE[2] if each.low_since is None else PALETTE[5]
        drawing.rect(_LEFT, y, reach * each.points / each.weight, _BAR, fill=colour)
        half = _LEFT + reach / 2
        drawing.line([(half, y - 3), (half, y + _BAR + 3)], stroke=FAINT)
        drawing.text(_LEFT + reach + 8, y + 15, f"{each.points:.0f} / {each.weight}", size=11)
    return drawing.svg()


def label_of(flow: FlowView, language: str) -> str:
    provider = flow.provider or NO_PROVIDER.say(language)
    return f"{provider} · {LANES[flow.lane].say(language)}"


def _counts(flow: FlowView) -> tuple[int, ...]:
    """In the order of _STATES."""
    return (
        flow.in_flight,
        flow.awaiting_receipt,
        flow.unknown,
        flow.delivered,
        sum(flow.failed.values()),
        flow.unconfirmed,
    )


def _sheet(title: str, rows: int) -> Drawing:
    return Drawing(_WIDTH, _TOP + max(rows, 1) * (_BAR + _GAP) + 10, title, title)


def _legend(drawing: Drawing, states: Sequence[tuple[str, Text, str]], language: str) -> None:
    for place, (_, words, colour) in enumerate(states):
        x = 50 + place * 108
        drawing.rect(x, 10, 12, 12, fill=colour)
        drawing.text(x + 17, 20, words.say(language), size=11)
