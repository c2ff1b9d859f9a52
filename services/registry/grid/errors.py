"""Problems of the grid of liaison staff."""

from shared.problems import Conflict, Forbidden, Text


class WrongPlaceInChain(Conflict):
    """`parent_level` is the level that a post of this level belongs under, null for none."""

    type = "wrong-place-in-chain"
    title = Text("上级岗位的层级或区域不符", "The post above is of another level or area")


class PostNumberTaken(Conflict):
    type = "post-number-taken"
    title = Text("此区域已有同号岗位", "The area already has a post of this number")


class AlreadyAssigned(Conflict):
    """`post_id` is the post that serves it now; end that first."""

    type = "already-assigned"
    title = Text("已由另一岗位负责", "Another post serves this already")


class PostHeld(Conflict):
    """`staffing_id` is who holds it: hand over instead."""

    type = "post-held"
    title = Text("岗位已有人负责,请办理交接", "The post is held; hand it over instead")


class NotYoursToConfirm(Forbidden):
    type = "not-yours-to-confirm"
    title = Text("只能由交接本人确认", "Only the two who hand over can confirm")
