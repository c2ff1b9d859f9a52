"""What can go wrong with claims."""

from shared.problems import BodyTooLarge, Conflict, Problem, Text, WrongMediaType


class NoRule(Conflict):
    type = "no-claim-rule"
    title = Text(
        "该项服务在那一天没有报销规则", "No rule of payment covers this service on that day"
    )


class PayerUnknown(Problem):
    status = 422
    type = "payer-unknown"
    title = Text(
        "请写明支付方:用人单位的统一社会信用代码,或参保地",
        "Say who pays: the employer's credit code, or the insured place",
    )


class ClaimedBefore(Conflict):
    type = "claimed-before"
    title = Text(
        "同一服务、同一天、同一机构、同一金额已提出过",
        "This service, day, provider and sum were claimed before",
    )


class NotNow(Conflict):
    type = "claim-not-at-this-step"
    title = Text("此报销目前不能这样办理", "This cannot be done with the claim where it stands")


class PapersMissing(Conflict):
    type = "papers-missing"
    title = Text("材料不全,缺少的已一次列明", "Papers are missing; all of them are named here")


class TooManyPapers(Conflict):
    type = "too-many-papers"
    title = Text("附件数量已达上限", "No more papers can be attached")


class GrantTooHigh(Conflict):
    type = "grant-too-high"
    title = Text("支付金额超过申报金额或规则上限", "More than was claimed, or than the rule allows")


class ReasonNeeded(Problem):
    status = 422
    type = "reason-needed"
    title = Text("同意须写明金额,不同意须写明理由", "A grant needs its sum, a refusal its reason")


class RuleExists(Conflict):
    type = "claim-rule-exists"
    title = Text("这一天起已有此项规则", "A rule of this code holds from that day already")


class PaperTooLarge(BodyTooLarge):
    title = Text("附件不能超过5 MiB", "A paper has at most 5 MiB")


class NotAPaper(WrongMediaType):
    title = Text("附件应为完整的PDF、JPEG或PNG文件", "A paper is a whole PDF, JPEG or PNG file")
