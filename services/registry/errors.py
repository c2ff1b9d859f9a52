"""What can go wrong in the registry, beyond shared/problems.py."""

from shared.problems import Conflict, NotFound, Problem, Text


class PersonNotFound(NotFound):
    """Also said of a person outside the caller's jurisdiction: existence itself is private."""

    title = Text("没有找到此人", "No such person here")


class AlreadyRegistered(Conflict):
    type = "already-registered"
    title = Text("此证件号码已登记", "This id number is already registered")


class RecordClosed(Conflict):
    type = "record-closed"
    title = Text("记录已注销", "The record is closed")


class ContradictsIdNumber(Problem):
    status = 422
    type = "contradicts-id-number"
    title = Text("性别或出生日期与证件号码不符", "Sex or birth date contradicts the id number")
