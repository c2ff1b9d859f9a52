"""An indicator in words and as a formula. Pure."""

from services.assessment.facts.kinds import KINDS, Kind, SeenBy
from services.assessment.fields import Words
from services.assessment.indicators.rules import sides_of
from services.assessment.indicators.schemas import DeclareIndicator, Form, Selection

_SEEN_ZH = {SeenBy.ANY: "", SeenBy.SELF: "本地记录的", SeenBy.OTHER: "对方所见的"}
_SEEN_EN = {
    SeenBy.ANY: "",
    SeenBy.SELF: " as the place itself recorded them",
    SeenBy.OTHER: " as the other side saw them",
}
_OUTCOMES_ZH = {
    "in_time": "按时",
    "late": "逾期办理",
    "partial": "部分答复",
    "overdue": "超期未办结",
    "correct": "正确",
    "incorrect": "不正确",
    "accepted": "通过",
    "rejected": "退回",
    "within_30_days": "30天内",
    "later": "超过30天",
    "satisfied": "满意",
    "dissatisfied": "不满意",
    "delivered": "送达",
    "failed": "失败",
    "agrees": "一致",
    "differs": "不一致",
    "migrant": "流动人口",
    "local": "户籍人口",
    "from_elsewhere": "来自外地",
    "from_here": "来自本地",
    "arrival": "流入",
    "marriage": "结婚",
    "divorce": "离婚",
    "new": "新增",
    "changed": "变更",
    "unchanged": "一致",
    "conflicting": "冲突",
    "in_both": "双方都有",
    "only_there": "仅部门有",
    "only_here": "仅登记有",
    "filed": "已备案",
    "ended": "已离职",
    "paid": "已发放",
    "returned": "退回",
    "acceptance": "受理超期",
    "review": "复核超期",
    "migrant_in_time": "流动人口按时",
    "migrant_late": "流动人口逾期",
    "local_in_time": "户籍人口按时",
    "local_late": "户籍人口逾期",
}


def source_events(definition: DeclareIndicator) -> list[str]:
    kinds = {kind for each in definition.selections() for kind in each.kinds}
    return sorted({event for kind in kinds for event in KINDS[Kind(kind)].events})


def formula_of(definition: DeclareIndicator) -> Words:
    """The indicator as a formula, e.g. "inquiries answered [in_time] ÷ inquiries … × 100 %"."""
    sides = {side: terms_of(selection) for side, selection in sides_of(definition).items()}
    if definition.form == Form.SHARE:
        above, below = sides["numerator"], sides["denominator"]
        return Words(zh=f"{above.zh} ÷ {below.zh} × 100%", en=f"{above.en} ÷ {below.en} × 100 %")
    of = sides["of"]
    if definition.form == Form.MEAN:
        return Words(zh=f"Σ {of.zh}天数 ÷ {of.zh}数", en=f"Σ days of {of.en} ÷ {of.en}")
    return Words(zh=f"{of.zh}数", en=f"number of {of.en}")


def explanation_of(definition: DeclareIndicator) -> Words:
    """The indicator in a sentence: what is compared, as seen by whom, which way is better."""
    formula, seen = formula_of(definition), definition.seen_by
    better_zh = {"higher": "越高越好", "lower": "越低越好"}[definition.direction.value]
    if not definition.scored:
        better_zh, better_en = "只作描述,不计分", "it describes and is never scored"
    else:
        better_en = f"{definition.direction.value} is better"
    least = definition.minimum_cases
    return Words(
        zh=f"{_SEEN_ZH[seen]}{formula.zh};{better_zh};少于{least}例不显示",
        en=f"{formula.en}{_SEEN_EN[seen]}; {better_en}; not shown under {least} cases",
    )


def terms_of(selection: Selection) -> Words:
    """What is counted, e.g. "services delivered [migrant]"."""
    specs = [KINDS[Kind(kind)] for kind in selection.kinds]
    zh = "、".join(spec.name.zh for spec in specs)
    en = " and ".join(spec.name.en for spec in specs)
    if selection.outcomes:
        zh += "(" + "、".join(_OUTCOMES_ZH.get(each, each) for each in selection.outcomes) + ")"
        en += " [" + ", ".join(selection.outcomes) + "]"
    return Words(zh=zh, en=en)
