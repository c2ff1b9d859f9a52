"""What can go wrong with the digest."""

from shared.problems import NotFound, Text


class RecipientNotFound(NotFound):
    title = Text("没有这个接收人", "No such recipient")
