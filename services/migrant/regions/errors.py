"""What can be wrong with the code of a region."""

from shared.problems import Problem, Text


class UnknownRegion(Problem):
    """`field` is the one that is wrong, `reason` unknown, abolished or not-yet, `on` the day of
    the last two. `became` are the regions of today that it became, with their names."""

    status = 422
    type = "unknown-region"
    title = Text("区划代码不存在", "The region code does not exist")
