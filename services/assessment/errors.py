"""What can go wrong here, beyond shared/problems.py."""

from shared.problems import Conflict, NotFound, Problem, Text


class UnknownArea(Problem):
    """An event names a place that is no region code; its fact cannot be counted."""

    status = 422
    type = "unknown-area"
    title = Text("区划代码无效", "The region code is not valid")


class DayToCome(Problem):
    """An event speaks of a day that has not come, or says that it will only happen."""

    status = 422
    type = "day-to-come"
    title = Text("日期在将来", "The day has not come yet")


class NeverScored(Problem):
    """Births, certificates and the like may be described as anonymous figures and are nobody's
    target; `topic` says which line was crossed (inventory §9)."""

    status = 422
    type = "never-scored"
    title = Text("此项只可描述,不得考核", "This may be described, never scored")


class NeverHeld(Problem):
    """Contraception, pregnancy, surgery, fees, quotas: not even as an anonymous figure."""

    status = 422
    type = "never-held"
    title = Text("本平台从不采集此类信息", "The platform never holds this")


class UnknownKind(Problem):
    status = 422
    type = "unknown-kind"
    title = Text("没有这种事实或结果", "There is no such kind of fact, or no such outcome")


class IndicatorNotFound(NotFound):
    title = Text("没有这个指标", "No such indicator")


class UnknownIndicator(Problem):
    status = 422
    type = "unknown-indicator"
    title = Text("方案中有不存在的指标", "The scheme names an indicator that does not exist")


class WrongBounds(Problem):
    status = 422
    type = "wrong-bounds"
    title = Text(
        "目标值和底线值与指标方向不符", "Target and floor contradict the indicator's direction"
    )


class TakesEffectNextPeriod(Conflict):
    type = "takes-effect-next-period"
    title = Text(
        "修改后的方案只能从下一个周期起生效", "A changed scheme takes effect with the next period"
    )


class SchemeNotFound(NotFound):
    title = Text("没有这个考核方案", "No such scheme")


class SchemeNotInForce(Conflict):
    type = "scheme-not-in-force"
    title = Text("该周期开始时方案尚未生效", "The scheme was not in force when the period began")


class SecondPersonPublishes(Conflict):
    type = "second-person-publishes"
    title = Text("方案须由起草人以外的人发布", "A scheme is published by another person")


class AlreadyInForce(Conflict):
    type = "already-in-force"
    title = Text("该版本已发布", "This version has been published already")


class OlderDraft(Conflict):
    type = "older-draft"
    title = Text("已有更新的版本发布", "A newer version has been published since")


class VersionsOverlap(Conflict):
    type = "versions-overlap"
    title = Text(
        "生效日期应晚于前一版本", "A version takes effect later than the one published before it"
    )


class ScorecardNotFound(NotFound):
    title = Text("没有这张成绩单", "No such scorecard here")


class AlreadyPublished(Conflict):
    type = "already-published"
    title = Text("成绩已公布,只能经申诉更改", "Published already; only an appeal changes it")


class HeldBack(Conflict):
    type = "held-back"
    title = Text("存在未解除的否决事项,暂不公布", "An open veto holds the scorecard back")


class NothingToPublish(Conflict):
    type = "nothing-to-publish"
    title = Text("没有可计分的指标", "No indicator could be scored")


class VetoLifted(Conflict):
    type = "veto-lifted"
    title = Text("该否决事项已解除", "The veto has been lifted already")


class NotPublished(Conflict):
    type = "not-published"
    title = Text("只能对现行已公布的成绩提出申诉", "Only a published scorecard can be appealed")


class AppealTooLate(Conflict):
    type = "appeal-too-late"
    title = Text("已超过公布后15天的申诉期限", "The 15 days for an appeal have passed")


class AppealOpen(Conflict):
    type = "appeal-open"
    title = Text("该指标已有待裁定的申诉", "An appeal about this indicator is already open")


class WrongSpan(Problem):
    status = 400
    type = "wrong-span"
    title = Text(
        "起止周期应为同一种类、先后有序且不超过60个",
        "A span runs from an earlier to a later period of the same kind, over 60 at most",
    )


class RunNotFound(NotFound):
    title = Text("没有这次自动计算", "No such run here")


class RunEnded(Conflict):
    type = "run-ended"
    title = Text("这次自动计算已结束", "The run has ended already")


class RunGoesOn(Conflict):
    type = "run-goes-on"
    title = Text("自动计算尚未结束", "The run has not ended yet")


class AppealNotFound(NotFound):
    title = Text("没有这项申诉", "No such appeal here")


class AppealSettled(Conflict):
    type = "appeal-settled"
    title = Text("该申诉已裁定", "The appeal has been decided already")


class SamePerson(Conflict):
    type = "same-person"
    title = Text("提出申诉的人不能裁定申诉", "An appeal is decided by another person")
