"""What can go wrong when a login is linked."""

from shared.problems import Conflict, NotFound, Problem, Text


class CodeNotGood(Conflict):
    """Wrong, used or too old: which of these is not told."""

    type = "code-not-good"
    title = Text(
        "绑定码不正确或已失效,请到窗口重新领取",
        "The code is wrong or no longer good; ask the desk for a new one",
    )


class TooManyTries(Problem):
    status = 429
    type = "too-many-tries"
    title = Text("输错次数过多,请 15 分钟后再试", "Too many wrong codes; try again in 15 minutes")


class AlreadyLinked(Conflict):
    type = "already-linked"
    title = Text("此登录账号已绑定", "This login is linked already; unlink it first")


class NotLinked(NotFound):
    """Said to a person whose login opens nobody's records yet."""

    type = "not-linked"
    title = Text(
        "此登录账号尚未绑定本人记录。请带身份证到任一服务窗口领取绑定码,或先自助登记",
        "This login is not linked to a record yet. Ask any desk for a code with your id card, or"
        " register by phone first",
    )
