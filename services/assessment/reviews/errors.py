"""What can go wrong with monthly reviews."""

from shared.problems import Conflict, NotFound, Text


class ReviewNotFound(NotFound):
    title = Text("没有这次评议", "No such review here")


class MonthGoesOn(Conflict):
    type = "month-goes-on"
    title = Text("该月尚未结束", "The month has not ended yet")


class AlreadyReviewed(Conflict):
    """`review_id` is the review that there is."""

    type = "already-reviewed"
    title = Text("该月已有评议", "The month has its review")


class ReviewSigned(Conflict):
    type = "review-signed"
    title = Text("评议已签署,不再更改", "The review is signed and stays as it is")


class AnotherSigns(Conflict):
    type = "another-signs"
    title = Text("须由另一人签署", "Somebody else than who opened it signs")


class NothingToDo(Conflict):
    type = "nothing-to-do"
    title = Text("该条不是待办事项,或已办结", "The entry is no decision, or is done")
