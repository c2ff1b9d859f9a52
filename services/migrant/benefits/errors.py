"""What can go wrong with benefits."""

from shared.problems import Conflict, Problem, Text


class NoProgramme(Conflict):
    type = "no-benefit-programme"
    title = Text("该期没有此发放项目", "There is no such benefit for this period")


class ProgrammeExists(Conflict):
    type = "benefit-programme-exists"
    title = Text("这一天起已有此项目规定", "This benefit is set from that day already")


class AmountDoesNotFit(Conflict):
    type = "amount-does-not-fit"
    title = Text("金额不符合项目标准", "The sum is not what the benefit allows")


class ListNotNow(Conflict):
    type = "list-not-at-this-step"
    title = Text("清单目前不能这样办理", "This cannot be done with the list where it stands")


class ListFull(Conflict):
    type = "list-full"
    title = Text("清单行数已达上限", "The list holds no more lines")


class AlreadyListed(Conflict):
    type = "already-listed"
    title = Text("此人此笔已在清单中", "This very payment is on the list already")


class ListEmpty(Conflict):
    type = "list-empty"
    title = Text("清单没有可发放的人员", "Nobody is on the list")


class FindingsOpen(Conflict):
    type = "findings-open"
    title = Text("尚有疑点未经人工核实", "Findings are still to be looked at by a human")


class NoSuchFinding(Conflict):
    type = "no-such-finding"
    title = Text("没有这一疑点", "There is no such finding")


class ClearedBefore(Conflict):
    type = "finding-cleared-before"
    title = Text("此疑点已核实", "This finding was looked at before")


class DrawnUpByYou(Conflict):
    type = "drawn-up-by-you"
    title = Text("拟定清单的人不能审核", "Whoever had a hand in a list does not audit it")


class ApprovedByYou(Conflict):
    type = "approved-by-you"
    title = Text("您已审核过,须由另一人再审", "You approved it; another person has to")


class OfficeApproved(Conflict):
    type = "office-approved"
    title = Text("本单位已审核过,须由另一单位再审", "Your office approved it; another one has to")


class ContentChanged(Conflict):
    type = "content-changed"
    title = Text("清单内容与您审阅的不一致", "The list is not what you looked at")


class LineNotNow(Conflict):
    type = "line-not-at-this-step"
    title = Text("此行目前不能这样办理", "This cannot be done with the line where it stands")


class ReturnReasonNeeded(Problem):
    status = 422
    type = "return-reason-needed"
    title = Text("退回的须注明原因,已发的不注明", "A return needs its reason, a payment has none")


class PaperNeeded(Problem):
    status = 422
    type = "paper-needed"
    title = Text("窗口代办须写明本人签字材料编号", "A desk names the paper she signed")


class RecoveryNotAgreed(Conflict):
    type = "recovery-not-agreed"
    title = Text("未经本人同意不得追回", "Nothing is taken back without her agreement")
