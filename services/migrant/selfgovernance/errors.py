"""What can go wrong with charters and commitments."""

from shared.problems import Conflict, MalformedBody, Problem, Text


class CrossesRights(MalformedBody):
    """`findings` name the line crossed, the word that tells, the reason and its source."""

    type = "crosses-rights"
    title = Text("章程内容可能侵犯居民权利", "The charter may infringe residents' rights")


class NamesSomebody(MalformedBody):
    type = "names-somebody"
    title = Text(
        "公开文件中不能有证件号或手机号", "A public text has no id numbers or mobile numbers"
    )


class AlreadyReported(Conflict):
    type = "already-reported"
    title = Text("已报告过", "This is reported already")


class NotReported(Conflict):
    type = "not-reported"
    title = Text("尚未报告,不能评议", "Nothing is reported yet that could be reviewed")


class AlreadyReviewed(Conflict):
    type = "already-reviewed"
    title = Text("已评议过", "This was reviewed already")


class NotYourCommitment(Problem):
    status = 403
    type = "not-your-commitment"
    title = Text("只能报告本单位的承诺", "An office reports on its own promises only")


class OwnReview(Problem):
    status = 403
    type = "own-review"
    title = Text(
        "评议结果由其他单位录入", "Another office enters what residents said of this promise"
    )
