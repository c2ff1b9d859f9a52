"""What can go wrong when the catalogue is kept."""

from shared.problems import Conflict, Problem, Text


class EntryMismatch(Problem):
    status = 422
    type = "entry-mismatch"
    title = Text("事项编号与地址不一致", "The entry's id is not the one in the address")


class EffectiveInPast(Problem):
    status = 422
    type = "effective-in-past"
    title = Text("生效日期不能早于今天", "A version cannot take effect before today")


class ProposalOpen(Conflict):
    type = "proposal-open"
    title = Text("该事项已有待审版本", "A version of this entry waits for approval already")


class AlreadyDecided(Conflict):
    type = "already-decided"
    title = Text("该版本已审定", "This version is decided already")


class SecondPersonNeeded(Problem):
    status = 403
    type = "second-person-needed"
    title = Text("须由提出人以外的人审定", "Somebody other than the proposer decides")
