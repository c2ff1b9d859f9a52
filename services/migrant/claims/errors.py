"""What can go wrong with claims."""

from shared.problems import (
    BodyTooLarge,
    Conflict,
    Forbidden,
    NotFound,
    Problem,
    Text,
    WrongMediaType,
)


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


class BeingTakenBack(Conflict):
    type = "claim-being-taken-back"
    title = Text(
        "同一服务、同一天的报销正在撤回:支付地确认撤回,或告知已支付后再办",
        "One for this service and day is being taken back: go on once the paying county has given"
        " it back, or says that it has paid",
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


class AnsweredThere(Conflict):
    type = "answered-by-the-paying-county"
    title = Text(
        "此报销由支付地在本系统答复和支付;要改走纸质,先向其收回",
        "The paying county answers and pays this claim itself; ask it back to settle it on paper",
    )


class NothingToCorrect(Problem):
    status = 422
    type = "nothing-to-correct"
    title = Text("请写明要更正的内容", "Say what is to be put right")


class DisputedBefore(Conflict):
    type = "disputed-before"
    title = Text("此报销已有协查或争议编号", "This claim names an inquiry or dispute already")


class GrantTooLow(Conflict):
    type = "grant-too-low"
    title = Text(
        "已支付的不能再少于或不予支付", "No less than what was paid already can be granted"
    )


class UnknownClaim(NotFound):
    type = "unknown-claim"
    title = Text("没有收到过此项报销", "No such claim was received")


class NotPayable(Conflict):
    type = "claim-not-payable"
    title = Text(
        "只有同意支付且未列入其他清单的报销可列入", "Only accepted claims on no other list"
    )


class ClaimListNotNow(Conflict):
    type = "claim-list-not-at-this-step"
    title = Text("支付清单目前不能这样办理", "This cannot be done with the list where it stands")


class SecondPersonNeeded(Conflict):
    type = "second-person-needed"
    title = Text(
        "审核或拟定过清单中报销的人不能批准支付",
        "Whoever drew the list up, or decided on a claim of it, does not approve it",
    )


class ClaimListChanged(Conflict):
    type = "claim-list-changed"
    title = Text("清单金额与您审阅的不一致", "The list's sum is not what you looked at")


class PaperTooLarge(BodyTooLarge):
    title = Text("附件不能超过20 MiB", "A paper has at most 20 MiB")


class NotRecallable(Conflict):
    type = "claim-not-recallable"
    title = Text(
        "只有送交户籍所在地、尚未收回的报销可收回改走纸质",
        "Only a claim that went to the home county, and was not asked back yet, can be asked back",
    )


class RecallUnderWay(Conflict):
    type = "claim-recall-under-way"
    title = Text(
        "正在向支付地收回,收回或得知已支付后再办",
        "The claim was asked back: go on once that county gave it back, or says that it has paid",
    )


class PaperUnreadable(Conflict):
    type = "claim-paper-unreadable"
    title = Text("附件已损坏,请重新上传", "This paper is damaged: attach it anew")


class NotTheApprover(Forbidden):
    type = "not-the-approver"
    title = Text("代发文件只交批准清单的人", "The bank's file is for whoever approved the list")


class UnknownBankProfile(NotFound):
    type = "unknown-bank-profile"
    title = Text("没有此种代发文件格式", "No layout of this code")


class AccountMissing(Conflict):
    type = "account-missing"
    title = Text("清单中有报销未填收款账号", "A claim on the list names no account")


class BankFileUnreadable(Problem):
    status = 422
    type = "bank-file-unreadable"
    title = Text(
        "回盘文件无法读取,或缺少格式要求的列",
        "The bank's file cannot be read, or lacks a column of the layout",
    )


class BankFileTooLarge(BodyTooLarge):
    title = Text("回盘文件不能超过5 MiB", "The bank's file has at most 5 MiB")


class NotAPaper(WrongMediaType):
    title = Text("附件应为完整的PDF、JPEG或PNG文件", "A paper is a whole PDF, JPEG or PNG file")
