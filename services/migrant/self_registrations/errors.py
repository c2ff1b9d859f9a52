"""What can go wrong with a registration by phone."""

from shared.problems import Conflict, NotFound, Problem, Text


class SelfRegistrationNotFound(NotFound):
    title = Text(
        "没有找到这份自助登记,或已过期", "No such registration by phone, or it has expired"
    )


class OneOpenAlready(Conflict):
    type = "one-open-already"
    title = Text(
        "您已有一份待确认的自助登记,可修改或撤回",
        "You have one waiting already; change it or take it back",
    )


class TooManyToday(Problem):
    status = 429
    type = "too-many-today"
    title = Text("今天提交次数过多,请明天再试或到窗口办理", "Too many today; come to the desk")


class AlreadyDecided(Conflict):
    type = "already-decided"
    title = Text("这份自助登记已办结或已退回", "This is decided, or back with her to correct")


class NoSuchNumber(Problem):
    status = 422
    type = "no-such-number"
    title = Text("序号不在这份登记之内", "There is no person of this number in it")


class NobodyLeft(Problem):
    status = 422
    type = "nobody-left"
    title = Text("至少登记本人;本人未到请退回", "Herself at least; if she did not come, return it")
