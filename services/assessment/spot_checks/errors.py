"""What can go wrong with spot checks."""

from shared.problems import Conflict, NotFound, Problem, Text


class SpotCheckNotFound(NotFound):
    title = Text("没有这次抽查", "No such spot check here")


class NotNow(Conflict):
    """`state` is where the spot check is."""

    type = "spot-check-not-now"
    title = Text("抽查目前的状态不允许此操作", "The spot check is not at this step")


class SamplePending(Conflict):
    """`waiting` cases lack two checkers, `disputed` ones a third."""

    type = "sample-pending"
    title = Text("仍有案件未核完或有分歧", "Some cases are not settled yet")


class NotDrawn(Problem):
    status = 422
    type = "not-drawn"
    title = Text("该案件不在样本中", "The case is not in the sample")


class NotOfOwnOffice(Conflict):
    """Nobody checks the list she handed in, and no one checks a case twice."""

    type = "not-of-own-office"
    title = Text("须由未报送清单的人员核查", "Whoever handed in the list does not check it")
