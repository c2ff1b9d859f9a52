"""What can go wrong with places."""

from shared.problems import Conflict, Problem, Text


class NotYourPlace(Problem):
    status = 403
    type = "not-your-place"
    title = Text(
        "只能维护本单位的服务点;其他单位的由管理员维护",
        "You keep the places of your own office; an administrator keeps the others",
    )


class PlaceClosed(Conflict):
    type = "place-closed"
    title = Text("此服务点已撤销", "This place is closed")
