"""What can go wrong with monthly figures."""

from shared.problems import Conflict, Text


class NoDepartment(Conflict):
    type = "no-department"
    title = Text(
        "月度数据只在地方与部门之间通报", "Monthly figures go between a place and a department"
    )


class FiguresTold(Conflict):
    type = "figures-told"
    title = Text(
        "本月已按另一口径通报;更正须沿用原地区和项目",
        "The month was told for other areas or items; a correction keeps to those",
    )
