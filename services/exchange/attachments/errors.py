"""What can go wrong with attachments."""

from services.exchange.errors import Refused
from shared.problems import Conflict, NotFound, Problem, Text


class AttachmentNotFound(NotFound):
    title = Text("没有这个附件", "No such attachment")


class AttachmentNotHere(Conflict):
    type = "attachment-not-here"
    title = Text("附件尚未取到或已删除", "The attachment has not arrived, or was erased")


class AttachmentNotFailed(Conflict):
    type = "attachment-not-failed"
    title = Text("只有取回失败的附件可以重取", "Only an attachment that failed is fetched again")


class TooManyAttachments(Conflict):
    type = "too-many-attachments"
    title = Text("此事项的附件过多", "The inquiry has too many attachments")


class FileTooLarge(Problem):
    status = 413
    type = "file-too-large"
    title = Text("附件超过上限", "The attachment is larger than the limit")


class FileRefused(Problem):
    status = 422
    type = "file-refused"
    title = Text(
        "不接收此类文件,或文件不完整、含有可执行内容",
        "The file is of a type that is not taken, cut short, or active",
    )


class NameRefused(Problem):
    status = 422
    type = "file-name-refused"
    title = Text("文件名不可用", "The file's name cannot be used")


class RangeRefused(Refused):
    status = 416
    code = "err.request.bad"
    title = Text("没有所请求的字节范围", "There are no such bytes")


class AttachmentGone(Refused):
    status = 410
    code = "err.request.not_found"
    title = Text("附件已删除", "The attachment was erased")
