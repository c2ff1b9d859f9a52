"""What can go wrong with referrals."""

from shared.problems import Conflict, Problem, Text


class NoNameTaken(Conflict):
    type = "no-name-taken"
    title = Text(
        "此项服务不登记姓名,请直接前往",
        "This service takes no name: go there as you are",
    )


class NoOfficeThere(Conflict):
    type = "no-office-there"
    title = Text("本地没有可接收转介的单位", "No office here takes referrals for this")


class AlreadyReferred(Conflict):
    type = "already-referred"
    title = Text("该事项已转介该单位,尚未办结", "This is with that office already")


class ReferralOver(Conflict):
    type = "referral-over"
    title = Text("此转介已办结", "This referral is over")


class NothingShared(Conflict):
    type = "nothing-shared"
    title = Text("此转介没有提供个人信息", "Nothing was shared with this referral")


class ServedTooEarly(Problem):
    status = 422
    type = "served-too-early"
    title = Text("服务日期早于转介日期", "The service is before the referral")
