"""What can go wrong in the registry, beyond shared/problems.py."""

from shared.problems import Conflict, NotFound, Problem, Text


class PersonNotFound(NotFound):
    """Also said of a person outside the caller's jurisdiction: existence itself is private."""

    title = Text("没有找到此人", "No such person here")


class AlreadyRegistered(Conflict):
    type = "already-registered"
    title = Text("此证件号码已登记", "This id number is already registered")


class RecordClosed(Conflict):
    type = "record-closed"
    title = Text("记录已注销", "The record is closed")


class ContradictsIdNumber(Problem):
    status = 422
    type = "contradicts-id-number"
    title = Text("性别或出生日期与证件号码不符", "Sex or birth date contradicts the id number")


class RegionNotFound(NotFound):
    title = Text("没有这个区划", "No such region")


class UnknownRegion(Problem):
    status = 422
    type = "unknown-region"
    title = Text("区划代码不存在", "The region code does not exist")


class DwellingExists(Conflict):
    type = "dwelling-exists"
    title = Text("此处已有同号房屋", "The place already has a dwelling of this number")


class OneHousehold(Conflict):
    """Somebody cannot leave a household as its head while others stay in it."""

    type = "head-of-another-household"
    title = Text("此人是另一户的户主", "This person heads another household")


class UnsupportedFile(Problem):
    status = 422
    type = "unsupported-file"
    title = Text("不支持这种文件", "This kind of file is not read here")


class ImportClosed(Conflict):
    type = "import-closed"
    title = Text("导入已结束", "The import is over")


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
    records: correct the one that is wrong, or return the report."""

    type = "implausible"
    title = Text("报告与登记内容不能同时成立", "Report and register cannot both be right")


class CannotMerge(Conflict):
    type = "cannot-merge"
    title = Text("这两条记录不能合并", "These two records cannot be merged")


class NotMerged(Conflict):
    type = "not-merged"
    title = Text("这两条记录没有合并", "These two records are not merged")


class AlreadyAsked(Conflict):
    """`request_id` is the request that waits."""

    type = "already-asked"
    title = Text("此项更正申请正在处理", "A request to correct this waits already")


class AlreadyDecided(Conflict):
    """`decision` says how."""

    type = "already-decided"
    title = Text("此申请已作出决定", "This request is decided already")
