"""The words on cards and in workbooks, in Chinese and English."""

from typing import Final

from services.assessment.fields import Words
from services.assessment.indicators.schemas import Status
from services.assessment.output.schemas import Tongue
from services.assessment.scorecards.models import ScorecardStatus
from services.assessment.scorecards.schemas import Ground


def _w(zh: str, en: str) -> Words:
    return Words(zh=zh, en=en)


STATUS: Final = {
    Status.OK: _w("计分", "judged"),
    Status.NO_CASES: _w("无事例", "no cases"),
    Status.TOO_FEW_CASES: _w("事例过少", "too few cases"),
    Status.NOT_APPLICABLE: _w("不适用", "not applicable"),
    Status.LEFT_OUT: _w("经申诉剔除", "left out on appeal"),
}
CARD_STATUS: Final = {
    ScorecardStatus.PRELIMINARY: _w("初步结果", "preliminary"),
    ScorecardStatus.PUBLISHED: _w("已公布", "published"),
    ScorecardStatus.SUPERSEDED: _w("已被新版取代", "superseded"),
}
GROUNDS: Final = {
    Ground.FALSIFIED_DATA: _w("弄虚作假", "falsified data"),
    Ground.COERCION: _w("强制行为投诉属实", "an upheld complaint of coercion"),
    Ground.PRIVACY_BREACH: _w("泄露个人信息", "a breach of privacy"),
}
LABELS: Final = {
    "title": _w("考核成绩单", "Scorecard"),
    "card": _w("成绩单", "Card"),
    "indicators": _w("指标", "Indicators"),
    "meanings": _w("指标说明", "Meanings"),
    "scheme": _w("考核方案", "Scheme"),
    "subject": _w("考核对象", "Subject"),
    "period": _w("周期", "Period"),
    "status": _w("状态", "Status"),
    "edition": _w("版次", "Edition"),
    "score": _w("得分", "Score"),
    "judged_weight": _w("可评权重(满100)", "Weight judged, of 100"),
    "computed_at": _w("计算日期", "Computed on"),
    "veto": _w("否决事项", "Held back by"),
    "no_veto": _w("无未解除的否决事项", "no open veto"),
    "two_sides": _w("双方口径不一致", "The two sides differ"),
    "own_side": _w("本地所记", "own count"),
    "other_side": _w("对方所见", "other side"),
    "agree": _w("双方口径未见差异", "no difference between the two sides"),
    "not_asked": _w("仅观测方可查双方口径", "only the observing side can compare the two"),
    "quality": _w("数据可评程度", "How much could be judged"),
    "indicator": _w("指标", "Indicator"),
    "value": _w("数值", "Value"),
    "unit": _w("单位", "Unit"),
    "numerator": _w("分子", "Numerator"),
    "denominator": _w("分母", "Denominator"),
    "counts": _w("计数", "Counts"),
    "target": _w("目标", "Target"),
    "floor": _w("底线", "Floor"),
    "weight": _w("权重", "Weight"),
    "points": _w("得分", "Points"),
    "lost": _w("失分", "Lost"),
    "formula": _w("公式", "Formula"),
    "meaning": _w("说明", "Meaning"),
    "points_of_weight": _w("各指标得分与权重", "Points and weight of each indicator"),
    "no_score": _w("无可计分指标", "nothing could be judged"),
    "source": _w(
        "来源:一盘考核服务,由各业务系统事件计数得出;只评单位,不评个人;少于10例不显示。",
        "Source: Yipan assessment, counted from the events of its services. Offices are judged,"
        " never persons. Nothing under 10 cases is shown.",
    ),
    "appeal": _w("申诉截止", "Appeal until"),
    "discount": _w("数据质量折扣", "Discount for poor data"),
    "curve": _w("计分曲线", "Curve"),
    "taken": _w("扣总分(%)", "Taken from the score (%)"),
    "few": _w("少于10", "under 10"),
}


def label(key: str, tongue: Tongue) -> str:
    """Raises KeyError for what is not on the list."""
    return LABELS[key].zh if tongue == Tongue.ZH else LABELS[key].en
