"""What can go wrong with what-ifs."""

from shared.problems import Conflict, NotFound, Text


class WhatIfNotFound(NotFound):
    title = Text("没有这次试算", "No such what-if here")


class WhatIfEnded(Conflict):
    type = "what-if-ended"
    title = Text("这次试算已结束", "The what-if has ended already")


class NothingToTry(Conflict):
    type = "nothing-to-try"
    title = Text("这些周期没有任何区域的事实", "No area has facts in these periods")
