"""What can go wrong with the keeping of records."""

from shared.problems import Conflict, Text


class NotKeptHere(Conflict):
    """`keeper` is the county that keeps it, null while it is on its way."""

    type = "not-kept-here"
    title = Text("本地并不管理此记录", "This record is not kept here")


class HandoverOpen(Conflict):
    """`handover_id` is the one that is not over."""

    type = "handover-open"
    title = Text("此记录已有未结束的移交", "A handover of this record is not over yet")
