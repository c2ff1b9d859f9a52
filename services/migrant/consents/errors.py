"""What can go wrong with consents."""

from shared.problems import Conflict, Text


class AskedTooSoon(Conflict):
    """`ask_again_on` is the day from which she may be asked again."""

    type = "asked-too-soon"
    title = Text(
        "本人已表示不同意,此期间不得再次询问;如本人主动提出,请注明",
        "She has said no and is not asked again before that day, unless she brings it up herself",
    )


class GuardianNeeded(Conflict):
    """PIPL art. 31."""

    type = "guardian-needed"
    title = Text(
        "不满十四周岁,须由父母或其他监护人到场同意",
        "Under 14: a parent or guardian has to agree, in person",
    )


class NotForChildren(Conflict):
    type = "not-for-children"
    title = Text(
        "不向不满十四周岁的儿童发送短信;监护人可为本人登记",
        "No texts for children under 14; a guardian may agree for herself",
    )


class NoGuardianDue(Conflict):
    type = "no-guardian-due"
    title = Text("已满十四周岁,由本人表示同意", "From 14 on she agrees for herself")
