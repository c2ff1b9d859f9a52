"""Delivery as one HTML page that needs nothing from elsewhere, and no script."""

from collections.abc import Iterable, Sequence
from html import escape
from typing import Final

from services.notify.watching.charts import (
    LANES,
    flows_chart,
    hours_chart,
    label_of,
    points_chart,
)
from services.notify.watching.rules import AlertKind
from services.notify.watching.schemas import AlertView, DeliveryView, FlowView
from shared.clock import CHINA
from shared.problems import Text

_STYLE: Final = (
    "body{font:15px/1.5 'Noto Sans SC','Microsoft YaHei','PingFang SC',sans-serif;color:#1f2933;"
    "max-width:46rem;margin:1.5rem auto;padding:0 1rem}h1{font-size:1.4rem}h2{font-size:1.1rem}"
    "table{border-collapse:collapse;width:100%}th,td{text-align:right;padding:.25rem .5rem;"
    "border-bottom:1px solid #e4e7eb}th:first-child,td:first-child{text-align:left}"
    "svg{max-width:100%;height:auto}.alert{border-left:4px solid #d55e00;padding-left:.6rem}"
    ".wide{overflow-x:auto}"
)
_TITLE: Final = Text("短信发送概况", "SMS delivery")
_QUIET: Final = Text("没有告警。", "No alerts.")
_NONE: Final = Text("无", "none")
_HEADINGS: Final = {
    "alerts": Text("告警", "Alerts"),
    "lanes": Text("等待发送", "Waiting"),
    "flows": Text("各服务商(现在与近 24 小时)", "Providers (now and the last 24 hours)"),
    "hours": Text("近 24 小时(中国时间)", "The last 24 hours (China time)"),
    "points": Text("服务商分值与最近错误", "Points of the providers, and their last errors"),
    "reasons": Text("失败原因(近 24 小时)", "Why texts failed (the last 24 hours)"),
}
_LANE_COLUMNS: Final = (
    Text("通道", "Lane"),
    Text("排队", "Queued"),
    Text("可发", "May go now"),
    Text("暂停", "Held"),
    Text("最久未发(秒)", "Oldest unsent (s)"),
)
_FLOW_COLUMNS: Final = (
    Text("服务商", "Provider"),
    Text("1 小时成功率", "Success, 1 h"),
    Text("24 小时成功率", "Success, 24 h"),
    Text("计费条数", "Segments"),
    Text("费用(元)", "Cost (yuan)"),
)
_POINT_COLUMNS: Final = (
    Text("服务商", "Provider"),
    Text("最近错误", "Last error"),
    Text("时间", "At"),
)
_REASON_COLUMNS: Final = (_FLOW_COLUMNS[0], Text("原因", "Reason"), Text("条数", "Texts"))
_ALERTS: Final = {
    AlertKind.PROVIDER_FAILING: Text(
        "服务商 {who} 分值仅剩 {value}%(低于 {limit}%)。",
        "Provider {who} has {value} % of its points left (under {limit} %).",
    ),
    AlertKind.UNSENT_TOO_LONG: Text(
        "有短信已等待 {value} 分钟未发(上限 {limit} 分钟)。",
        "A text has waited {value} minutes (limit {limit}).",
    ),
    AlertKind.RECEIPTS_MISSING: Text(
        "服务商 {who} 有 {value}% 的短信没有回执(上限 {limit}%)。",
        "Provider {who} owes receipts of {value} % of its texts (limit {limit} %).",
    ),
    AlertKind.OPT_OUT_RATE: Text(
        "群发 {who} 的退订率为 {value}%(上限 {limit}%)。",
        "Campaign {who}: {value} % answered with a stop (limit {limit} %).",
    ),
}


def page_of(view: DeliveryView, alerts: Sequence[AlertView], language: str) -> str:
    """The page, in "zh" or "en"."""
    title = escape(_TITLE.say(language))
    at = f"{view.at.astimezone(CHINA):%Y-%m-%d %H:%M:%S}"
    return "".join(
        (
            f'<!doctype html><html lang="{"zh-CN" if language == "zh" else "en"}">'
            '<meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width,initial-scale=1">'
            f"<title>{title}</title><style>{_STYLE}</style>"
            f"<h1>{title}</h1><p>{at} (UTC+8)</p>",
            _heading("alerts", language),
            _alerts(alerts, language),
            _heading("lanes", language),
            _table(_LANE_COLUMNS, _lane_rows(view, language), language),
            _heading("flows", language),
            flows_chart(view, language),
            _table(_FLOW_COLUMNS, (_flow_row(each, language) for each in view.flows), language),
            _heading("hours", language),
            hours_chart(view.hours, language),
            _heading("points", language),
            points_chart(view.providers, language),
            _table(_POINT_COLUMNS, _error_rows(view, language), language),
            _heading("reasons", language),
            _table(_REASON_COLUMNS, _reason_rows(view, language), language),
            "</html>",
        )
    )


def _heading(name: str, language: str) -> str:
    return f"<h2>{escape(_HEADINGS[name].say(language))}</h2>"


def _alerts(alerts: Sequence[AlertView], language: str) -> str:
    if not alerts:
        return f"<p>{escape(_QUIET.say(language))}</p>"
    return "".join(f'<p class="alert">{escape(_sentence(each, language))}</p>' for each in alerts)


def _sentence(alert: AlertView, language: str) -> str:
    who = alert.provider or str(alert.campaign_id or "")
    words = _ALERTS[alert.kind].say(language)
    return words.format(who=who, value=alert.value, limit=alert.limit)


def _table(columns: Sequence[Text], rows: Iterable[Sequence[str]], language: str) -> str:
    head = "".join(f"<th>{escape(each.say(language))}</th>" for each in columns)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows
    )
    return f'<div class="wide"><table><tr>{head}</tr>{body}</table></div>'


def _lane_rows(view: DeliveryView, language: str) -> list[list[str]]:
    return [
        [
            LANES[each.lane].say(language),
            f"{each.queued:,}",
            f"{each.due:,}",
            f"{each.held:,}",
            _or_dash(each.oldest_unsent_seconds),
        ]
        for each in view.lanes
    ]


def _flow_row(flow: FlowView, language: str) -> list[str]:
    cost = None if flow.cost_fen is None else f"{flow.cost_fen / 100:,.2f}"
    return [
        label_of(flow, language),
        _percent(flow.success_last_hour),
        _percent(flow.success_last_day),
        f"{flow.segments:,}",
        _or_dash(cost),
    ]


def _error_rows(view: DeliveryView, language: str) -> list[list[str]]:
    return [
        [
            each.provider,
            each.last_error or _NONE.say(language),
            f"{each.last_error_at.astimezone(CHINA):%m-%d %H:%M}" if each.last_error_at else "—",
        ]
        for each in view.providers
    ]


def _reason_rows(view: DeliveryView, language: str) -> list[list[str]]:
    return [
        [label_of(flow, language), reason, f"{texts:,}"]
        for flow in view.flows
        for reason, texts in sorted(flow.failed.items(), key=lambda item: -item[1])
    ]


def _percent(value: float | None) -> str:
    return "—" if value is None else f"{value:g} %"


def _or_dash(value: object) -> str:
    return "—" if value is None else str(value)
