"""Problems of reports and registered events."""

from typing import Self

from shared.problems import Conflict, Forbidden, Problem, Text


class AlreadyReported(Conflict):
    type = "already-reported"
    title = Text("此编号的报告已收到", "This reference was reported before")


class ReportClosed(Conflict):
    """`status_of_report` says how; `folded_into` is the report of the same event to work on."""

    type = "report-closed"
    title = Text("报告已处理", "The report has been dealt with")


class NotMatched(Conflict):
    """`who` says whose record is missing; register that person first, or return the report."""

    type = "not-matched"
    title = Text("报告中的人员未登记", "Somebody in the report is not registered here")


class Implausible(Conflict):
    """`reason` says what in the report and the register cannot both be right. It is about the
    records: correct the one that is wrong, or return the report. Where `confirmable`, the report
    may be right: look into it, and send the reason among `confirmed`."""

    type = "implausible"
    title = Text("报告与登记内容不能同时成立", "Report and register cannot both be right")


class NotHeldHere(Problem):
    """What belongs to somebody else's records and enters no register of people."""

    status = 422
    type = "not-held-here"
    title = Text("此项内容不进入人口登记", "This is not held in the register")

    @classmethod
    def stillbirth(cls) -> Self:
        return cls(
            Text(
                "这里只登记活产,也不记录是否活产。死产由医疗机构按卫生健康统计制度,以汇总数报送卫生健康"
                "部门,不报送个人信息。",
                "Live births are registered here, and nothing says so of each. A hospital reports"
                " stillbirths to the health authority as totals, by the health statistics system,"
                " and nobody by name.",
            )
        )

    @classmethod
    def cause_of_death(cls) -> Self:
        return cls(
            Text(
                "死亡登记不记录死因。死因由医疗机构通过死因监测系统报送疾病预防控制机构。",
                "A death is registered without its cause. The hospital reports causes to disease"
                " control, through the system for that.",
            )
        )


class NotYours(Forbidden):
    """A person reports for herself and her family; the rest is for those whom it concerns."""

    type = "not-yours-to-report"
    title = Text("只能申报本人及家庭成员的事件", "Only your own and your family's events")


class NotRegistered(Conflict):
    type = "not-registered"
    title = Text("此报告尚未登记", "Nothing is registered from this report")


class CannotFold(Conflict):
    """`reason` says why."""

    type = "cannot-fold"
    title = Text("这两份报告不能归并或分开", "These reports cannot be folded or kept apart so")


class CannotAnnul(Conflict):
    """`reason` says what stands in the way."""

    type = "cannot-annul"
    title = Text("不能这样撤销登记", "The registration cannot be annulled so")
