"""What can go wrong with service records."""

from shared.problems import Conflict, Problem, Text


class RecordAnnulled(Conflict):
    type = "record-annulled"
    title = Text("此服务记录已作废", "This service record is annulled already")


class NothingToCorrect(Problem):
    status = 422
    type = "nothing-to-correct"
    title = Text("更正后的内容与原记录相同", "The correction changes nothing")
