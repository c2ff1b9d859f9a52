"""What can go wrong with desks, templates, sheets and cases, beyond services/exchange/errors.py."""

from shared.problems import Conflict, Problem, Text


class NotOfThisDesk(Conflict):
    type = "not-of-this-desk"
    title = Text(
        "此人未登记为经办人,或不负责该地区",
        "Nobody of that name is entered for this region",
    )


class ReferenceUsed(Conflict):
    """`inquiry_id` is the inquiry that has the file number."""

    type = "reference-used"
    title = Text("本单位已用过此案号", "Your office has used this file number before")


class NotForThem(Conflict):
    type = "not-for-them"
    title = Text(
        "目录规定此类事项不向该类参与方协查",
        "The catalogue does not let this kind be asked of such a participant",
    )


class PlaceholderRefused(Problem):
    """`errors` names the fields, and what is wrong: unknown, or of another type."""

    status = 422
    type = "placeholder-refused"
    title = Text("模板中的占位符不可用于此项", "A placeholder cannot stand in this field")


class CalendarRefused(Problem):
    status = 422
    type = "calendar-refused"
    title = Text("日历不完整或有重复", "The calendar has a day twice, or one of another year")


class DecisionBinds(Conflict):
    """`upheld` is the side for which the city decided."""

    type = "decision-binds"
    title = Text("市级裁定对双方有约束力", "The city's decision binds both sides")
