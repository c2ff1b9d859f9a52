"""What can go wrong with requests for help, beyond services/migrant/errors.py."""

from shared.problems import Conflict, MalformedBody, Problem, Text


class AlreadySettled(Conflict):
    type = "already-settled"
    title = Text("此事已办结", "This is settled already")


class AlreadyExtended(Conflict):
    type = "already-extended"
    title = Text("期限已延长过一次", "The time was extended once already")


class AlreadyAccepted(Conflict):
    type = "already-accepted"
    title = Text("此事已受理", "This is accepted already")


class NotAccepted(Conflict):
    type = "not-accepted"
    title = Text("此事尚未受理", "This is not accepted yet")


class NotYourOffices(Problem):
    """She may read it, having taken it or passed it on; another office has it now."""

    status = 403
    type = "not-your-offices"
    title = Text("此件由其他单位承办", "Another office has this request")


class PassedTooOften(Conflict):
    type = "passed-too-often"
    title = Text(
        "转办次数已满,请受理或报请督办",
        "It was passed on as often as it may be: accept it, or ask the oversight office",
    )


class PassedToItself(Conflict):
    type = "passed-to-itself"
    title = Text("不能转给本单位或已退回的单位", "It is with that office already")


class NowhereToReturn(Conflict):
    type = "nowhere-to-return"
    title = Text("此件不是转办而来,不能退回", "No office passed it on, so it cannot go back")


class UnknownDepartment(MalformedBody):
    type = "unknown-department"
    title = Text("没有这个部门", "There is no such department")


class NothingAsked(Conflict):
    type = "nothing-asked"
    title = Text("目前没有需要补充的问题", "Nothing was asked that could be answered")


class NotSettled(Conflict):
    type = "not-settled"
    title = Text("此事尚未办结", "This is not settled yet")


class AlreadyRated(Conflict):
    type = "already-rated"
    title = Text("已评价过一次", "It was rated once already")


class TooLate(Conflict):
    type = "too-late"
    title = Text("期限已过", "The time for this is over")


class OnlyHersToSay(Problem):
    """Neither the office that settled it nor whoever asked for her may say that she was content."""

    status = 403
    type = "only-hers-to-say"
    title = Text(
        "满意度只能由本人评价,或由受理窗口按本人的话录入",
        "Only she says whether it helped, or the desk that took it enters her word",
    )


class AlreadyNamed(Conflict):
    type = "already-named"
    title = Text("此人已列为共同求助人", "She is named with this request already")


class NotNamed(Conflict):
    type = "not-named"
    title = Text("此人未列为共同求助人", "She is not named with this request")


class AlreadyReviewed(Conflict):
    type = "already-reviewed"
    title = Text("已请求过复查", "A review was asked for already")


class NoReview(Conflict):
    type = "no-review"
    title = Text("没有待定的复查", "There is no review to decide")
