"""What can go wrong with looks."""

from shared.problems import Problem, Text


class TooFarIn(Problem):
    status = 400
    type = "too-far-in"
    title = Text(
        "一次最多翻到第 10000 条,请缩小时间范围",
        "Entries are put in order up to the 10,000th; ask for a shorter period",
    )
