"""What can go wrong here, beyond shared/problems.py."""

from shared.problems import Conflict, NotFound, Problem, Text


class PersonNotFound(NotFound):
    """Also said of a person outside the caller's jurisdiction: existence itself is private."""

    title = Text("没有找到此人", "No such person here")


class AlreadyArrived(Conflict):
    type = "already-arrived"
    title = Text("此次流入已登记", "This arrival is already registered")


class OverlapsStay(Conflict):
    """`not_before` and `not_after` are the days between which the stay may lie, null for no
    bound."""

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


class AlreadyEnded(Conflict):
    type = "already-ended"
    title = Text("此次居住登记已经结束", "This stay is over already")


class AlreadyAnnulled(Conflict):
    type = "already-annulled"
    title = Text("此次流入登记已撤销", "This arrival is annulled already")


class SamePlace(Conflict):
    type = "same-place"
    title = Text("此人已登记在此处居住", "She is registered in that place already")


class NotADeparture(Conflict):
    type = "not-a-departure"
    title = Text("此次居住没有登记离开", "No departure is registered for this stay")


class DayPassed(Problem):
    status = 422
    type = "day-passed"
    title = Text("预计离开的日期应在今天之后两年之内", "A day in the next two years is expected")


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


class NoSuchHire(NotFound):
    title = Text("没有找到本单位的此项用工备案", "No such hire of this employer is filed")


class EndBeforeStart(Conflict):
    type = "end-before-start"
    title = Text("离职日期早于入职日期", "The last day is before the first")


class AlreadyLeft(Conflict):
    type = "already-left"
    title = Text("此次离职已备案", "This leaving is filed already")


class EndedOnAnotherDay(Conflict):
    type = "ended-on-another-day"
    title = Text(
        "已按另一日期备案离职:如有误请更正该备案",
        "The leaving is filed with another day: correct that filing if it is wrong",
    )


class FilingWithdrawn(Conflict):
    type = "filing-withdrawn"
    title = Text("此备案已撤回", "This filing was withdrawn")


class FactsDoNotFit(Problem):
    status = 422
    type = "facts-do-not-fit"
    title = Text("所填内容与所选项目不符", "The facts do not fit the chosen claims")


class AlreadyAsked(Conflict):
    type = "already-asked"
    title = Text("已有一份申请在办理", "A request of hers is under way already")


class AlreadyDecided(Conflict):
    type = "already-decided"
    title = Text("此申请已有决定", "This request is decided already")


class NothingToObjectTo(Conflict):
    type = "nothing-to-object-to"
    title = Text(
        "只能对不予签发的决定提出一次异议", "Only a declined request can be objected to, once"
    )


class SameDecider(Conflict):
    type = "same-decider"
    title = Text("异议须由他人复核", "After an objection somebody else decides")


class RecordsToBeSettled(Conflict):
    type = "records-to-be-settled"
    title = Text("须先更正登记", "The register has to be put right first")


class NotReadyYet(Conflict):
    type = "not-ready-yet"
    title = Text("证明尚未核实完毕", "It is not ready to be collected yet")


class RequestOver(Conflict):
    type = "request-over"
    title = Text("此申请已办结,可重新申请", "This request is over; ask again")


class NotACertificate(Problem):
    status = 422
    type = "not-a-certificate"
    title = Text("所给内容不是完整的证明", "This is not a whole certificate")


class TooMuchForACode(Problem):
    status = 422
    type = "too-much-for-a-code"
    title = Text("内容超出一个二维码的容量", "This is more than one QR code holds")


class AlreadyRevoked(Conflict):
    type = "already-revoked"
    title = Text("此证明已撤销", "This certificate is revoked already")
