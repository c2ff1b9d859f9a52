"""What can go wrong with limits."""

from shared.problems import Conflict, Problem, Text


class OutOfBounds(Problem):
    status = 422
    type = "limit-out-of-bounds"
    title = Text("超出此项限额可设的范围", "Beyond what this limit can be set to")


class ContradictoryLimits(Conflict):
    type = "contradictory-limits"
    title = Text(
        "开始时间须早于结束时间", "The hour at which it begins has to be before that of its end"
    )
