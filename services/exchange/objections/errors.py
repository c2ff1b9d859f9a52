"""What can go wrong with objections."""

from shared.problems import Conflict, Problem, Text


class NothingToObjectTo(Conflict):
    type = "nothing-to-object-to"
    title = Text(
        "此处没有可以提出异议的内容", "There is nothing here that an objection could be about"
    )


class AlreadyAsked(Conflict):
    """`objection_id` is the one that waits."""

    type = "already-asked"
    title = Text("此项异议正在处理", "An objection to this waits already")


class AlreadyDecided(Conflict):
    """`decision` says how."""

    type = "already-decided"
    title = Text("此异议已作出决定", "This objection is decided already")


class DecidedElsewhere(Conflict):
    """`peer` is the node whose office said it, and decides."""

    type = "decided-elsewhere"
    title = Text(
        "此异议由作出该内容的机关处理", "The office that said it decides; it has been told"
    )


class NotRefused(Conflict):
    type = "not-refused"
    title = Text("此异议未被驳回,无需复核", "The objection was not refused: nothing to appeal")


class WrongReviewer(Problem):
    """`reason` says why: decided-it-first, or not-of-the-county."""

    status = 403
    type = "wrong-reviewer"
    title = Text("此复核应由县级的另一人办理", "Somebody else, of the county level, decides this")
