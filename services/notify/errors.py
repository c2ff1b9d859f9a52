"""What can go wrong here, beyond shared/problems.py."""

from shared.problems import Conflict, NotFound, Problem, Text


class TemplateNotFound(NotFound):
    title = Text("没有这个短信模板", "No such template")


class NoApprovedTemplate(Conflict):
    type = "no-approved-template"
    title = Text("没有审核通过的此模板", "No approved template with this code")


class AlreadyApproved(Conflict):
    type = "already-approved"
    title = Text("模板已审核", "The template is approved already")


class TemplateWithdrawn(Conflict):
    type = "template-withdrawn"
    title = Text("模板已停用", "The template was withdrawn")


class SecondPersonRequired(Conflict):
    type = "second-person-required"
    title = Text("须由另一人审核", "Somebody else must approve what you wrote")


class PurposeMismatch(Conflict):
    type = "purpose-mismatch"
    title = Text("模板不是用于此目的", "The template serves another purpose")


class WrongVariables(Problem):
    status = 422
    type = "wrong-variables"
    title = Text("模板变量不符", "The variables do not fit the template")


class TextTooLong(Problem):
    status = 422
    type = "text-too-long"
    title = Text("短信过长", "The text needs too many parts")


class NoConsent(Conflict):
    """Also said of a person outside the caller's jurisdiction: existence itself is private."""

    type = "no-consent"
    title = Text("此人没有同意接收此类短信", "No active consent for this purpose")


class Unreachable(Conflict):
    type = "no-number"
    title = Text("此人没有留下接收号码", "The person left no number for this purpose")


class NotToChildren(Unreachable):
    """PIPL art. 31: a guardian agreed for her, and to no texts."""

    type = "not-to-children"
    title = Text("不向不满十四周岁的儿童发送短信", "No texts to children under 14")


class OptedOut(Conflict):
    type = "opted-out"
    title = Text("此号码已退订", "This number has opted out")


class NotByText(Conflict):
    """She agreed to the purpose, and chose another way or another hour to be reached."""

    type = "not-by-text"
    title = Text("此人选择了不以短信联系", "The person chose not to be reached by text")


class DailyCapReached(Conflict):
    type = "daily-cap-reached"
    title = Text("此号码今日短信已达上限", "This number has had its texts of the day")


class ReferenceConflict(Conflict):
    type = "reference-conflict"
    title = Text("同一个 reference 用于了不同的短信", "This reference was used for another text")


class AlreadyExpired(Conflict):
    type = "already-expired"
    title = Text("短信在可发送前已过期", "The text would be stale before it may be sent")


class MessageNotFound(NotFound):
    title = Text("没有这条短信", "No such message")


class ContactNotFound(NotFound):
    title = Text("没有这个联系人", "No such contact")


class CampaignNotFound(NotFound):
    title = Text("没有这个群发任务", "No such campaign")


class CampaignState(Conflict):
    type = "campaign-state"
    title = Text("群发任务的状态不允许此操作", "The campaign's state does not allow this")


class ApprovalFallen(Conflict):
    type = "approval-fallen"
    title = Text("短信内容在审核后有变动,须重新审核", "The text changed since it was approved")


class BadSignature(Problem):
    """The caller is not the provider it says, or its clock is off."""

    status = 401
    type = "bad-signature"
    title = Text("签名或时间无效", "The signature or its time is not valid")


class NotAnOfficial(Conflict):
    type = "not-an-official"
    title = Text(
        "只能发给已录入并同意接收的工作人员号码",
        "Only numbers that officials entered and agreed to can be texted so",
    )
