"""What can go wrong with signs."""

from shared.problems import Conflict, NotFound, Text


class SignNotFound(NotFound):
    title = Text("没有这条疑点", "No such question here")


class SignAnswered(Conflict):
    type = "sign-answered"
    title = Text("该疑点已有说明", "The question has been answered")
