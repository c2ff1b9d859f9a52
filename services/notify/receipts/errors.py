"""What can go wrong with texts from people."""

from shared.problems import Conflict, NotFound, Text


class ReplyNotFound(NotFound):
    title = Text("没有这条来信", "No such text from a person")


class ReplyErased(Conflict):
    type = "reply-erased"
    title = Text("来信的号码已按期删除", "The number of this text is erased by now")


class ReplyDone(Conflict):
    type = "reply-done"
    title = Text("这条来信已办结", "This text is dealt with already")
