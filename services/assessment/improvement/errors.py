"""What can go wrong with improvement plans."""

from shared.problems import Conflict, NotFound, Problem, Text


class PlanNotFound(NotFound):
    title = Text("没有这项整改提升计划", "No such improvement plan here")


class PlanClosed(Conflict):
    type = "plan-closed"
    title = Text("该计划已结束", "The plan is closed")


class PlanNeedsPublished(Conflict):
    type = "plan-needs-published"
    title = Text("只能为现行已公布的成绩制定计划", "A plan is made for a published scorecard")


class NotWeak(Problem):
    """A plan is for what fell short; planning for more would be one more target."""

    status = 422
    type = "not-weak"
    title = Text("该指标未失分或未计分", "The indicator lost no points, or was not judged")


class NoSanctions(Problem):
    """A plan improves how an office works. It is no place for punishing anybody."""

    status = 422
    type = "no-sanctions"
    title = Text("整改计划不得包含对个人的处罚", "A plan holds no sanction on anybody")
