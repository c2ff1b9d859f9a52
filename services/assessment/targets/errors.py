"""What can go wrong with annual targets."""

from shared.problems import Conflict, NotFound, Problem, Text


class TargetNotFound(NotFound):
    title = Text("没有这项年度目标", "No such annual target here")


class TargetSet(Conflict):
    type = "target-set"
    title = Text("该年度目标已设定,请修订", "The target of this year is set already; revise it")


class DoesNotAddUp(Problem):
    status = 422
    type = "does-not-add-up"
    title = Text("各月各单位之和应等于年度目标", "The parts must add up to the annual target")


class OtherOffices(Problem):
    status = 422
    type = "other-offices"
    title = Text("分解的单位与年度目标不符", "The parts are not those of the target's offices")


class NoPattern(Conflict):
    type = "no-pattern"
    title = Text(
        "上年没有可参照的数量,请改用其他分解办法",
        "There is nothing of last year to go by; break the target down in another way",
    )
