"""What can go wrong with conveners and branches."""

from shared.problems import Conflict, NotFound, Problem, Text


class AlreadyConvener(Conflict):
    type = "already-convener"
    title = Text("此人已是本地召集人", "She is a convener of this place already")


class NoLongerConvener(Conflict):
    type = "no-longer-convener"
    title = Text("召集人任期已结束", "Her time as a convener is over")


class BranchNotFound(NotFound):
    type = "branch-not-found"
    title = Text("没有这个协会分会", "There is no such branch here")


class BranchClosed(Conflict):
    type = "branch-closed"
    title = Text("分会已停止活动", "The branch is closed")


class NotAConvener(Problem):
    status = 403
    type = "not-a-convener"
    title = Text(
        "只有本地现任召集人可以代为提出求助",
        "Only a convener of that place, at present, can ask for somebody else",
    )
