"""What can go wrong with a filing, beyond shared/problems.py."""

from shared.problems import Conflict, Text


class FilingClosed(Conflict):
    type = "filing-closed"
    title = Text("此批申报已结束", "This filing is over")


class FiledElsewhere(Conflict):
    type = "filed-elsewhere"
    title = Text(
        "本单位已在另一辖区申报此文件",
        "Your organisation has filed this file in another jurisdiction",
    )
