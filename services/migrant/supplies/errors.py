"""What can go wrong with free supplies."""

from shared.problems import Conflict, Problem, Text


class NotYourMachine(Problem):
    status = 403
    type = "not-your-machine"
    title = Text("此设备不在该服务点登记", "This machine is not registered at that place")


class MoreThanInStock(Conflict):
    type = "more-than-in-stock"
    title = Text("数量超过库存", "More than there is in stock")


class TooManyForOneCode(Conflict):
    type = "too-many-for-one-code"
    title = Text("超过一码可领数量", "More than one code stands for")


class OneCodeAtATime(Conflict):
    type = "one-code-at-a-time"
    title = Text("个人每次领取一个码", "A person draws one code at a time")


class CodesDrawn(Problem):
    status = 429
    type = "codes-drawn"
    title = Text(
        "今日领码次数已满,请明日再来或到服务窗口领取", "Enough for today; try tomorrow or any desk"
    )


class NoSuppliesThere(Conflict):
    type = "no-supplies-there"
    title = Text("此服务点不发放免费用品", "No free supplies are handed out there")
