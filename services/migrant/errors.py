"""What can go wrong here, beyond shared/problems.py."""

from shared.problems import Conflict, NotFound, Problem, Text


class PersonNotFound(NotFound):
    """Also said of a person outside the caller's jurisdiction: existence itself is private."""

    title = Text("没有找到此人", "No such person here")


class AlreadyArrived(Conflict):
    type = "already-arrived"
    title = Text("此次流入已登记", "This arrival is already registered")


class OverlapsStay(Conflict):
    type = "overlaps-stay"
    title = Text(
        "到达日期早于已登记的居住情况",
        "The arrival is before or within a stay already registered",
    )


class NameDiffers(Conflict):
    type = "name-differs"
    title = Text(
        "姓名与该证件号码已登记的姓名不同",
        "The name differs from the one registered with this id number",
    )


class NotHere(Conflict):
    type = "not-here"
    title = Text("此人目前没有在此居住的登记", "This person has no open stay here")


class DepartureBeforeArrival(Conflict):
    type = "departure-before-arrival"
    title = Text("离开日期早于到达日期", "The departure is before the arrival")


class AlreadyConsented(Conflict):
    type = "already-consented"
    title = Text("此项同意仍然有效", "She has already agreed to this, and it stands")


class RegionNeeded(Problem):
    status = 422
    type = "region-needed"
    title = Text("请写明此人所在地区", "Say in which county or township this person is")


class ConsentNeeded(Conflict):
    type = "consent-needed"
    title = Text(
        "此项服务须先征得本人同意", "This service needs the person's own consent, given first"
    )


class NotYourFiling(Problem):
    status = 403
    type = "not-your-filing"
    title = Text("用人单位只能为本单位备案", "An employer files for itself only")


class AlreadyFiled(Conflict):
    type = "already-filed"
    title = Text("该员工的此次入职已备案", "This hire is filed already")


class FactsDoNotFit(Problem):
    status = 422
    type = "facts-do-not-fit"
    title = Text("所填内容与所选项目不符", "The facts do not fit the chosen claims")


class AlreadyRevoked(Conflict):
    type = "already-revoked"
    title = Text("此证明已撤销", "This certificate is revoked already")


class AlreadySettled(Conflict):
    type = "already-settled"
    title = Text("此事已办结", "This is settled already")


class AlreadyExtended(Conflict):
    type = "already-extended"
    title = Text("期限已延长过一次", "The time was extended once already")


class AlreadyAccepted(Conflict):
    type = "already-accepted"
    title = Text("此事已受理", "This is accepted already")


class AppointmentClosed(Conflict):
    type = "appointment-closed"
    title = Text("此预约已结束", "This appointment is over")
