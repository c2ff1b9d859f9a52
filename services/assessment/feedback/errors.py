"""What can go wrong with weekly feedback."""

from shared.problems import NotFound, Text


class FeedbackNotFound(NotFound):
    title = Text("没有这份周反馈", "No such weekly feedback here")
