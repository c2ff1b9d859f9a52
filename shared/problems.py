"""Errors as RFC 9457 problem details, in Chinese and English. Free of any framework."""

from dataclasses import dataclass
from typing import Any, ClassVar

TYPE_BASE = "https://yipan.dev/problems/"


@dataclass(frozen=True, slots=True)
class Text:
    """One sentence in the two languages the platform speaks."""

    zh: str
    en: str

    def say(self, language: str) -> str:
        return self.zh if language == "zh" else self.en


class Problem(Exception):
    """What went wrong, for a person and for a program.

    Subclasses set `status` (HTTP), `type` (stable slug, the last part of the problem type URI)
    and `title`. `detail` says what to do about it and never holds a name, id number or phone.
    `extra` members are published beside the standard ones.
    """

    status: ClassVar[int] = 400
    type: ClassVar[str] = "bad-request"
    title: ClassVar[Text] = Text("请求有误", "Bad request")

    def __init__(self, detail: Text | None = None, **extra: Any) -> None:
        super().__init__(self.type)
        self.detail = detail
        self.extra = extra

    @property
    def permanent(self) -> bool:
        """Whether trying the same again can never help (a consumer then gives up at once)."""
        return self.status < 500 and self.status not in (408, 425, 429)

    def body(self, language: str) -> dict[str, Any]:
        """The problem+json members in `language` ("zh" or "en")."""
        members: dict[str, Any] = {
            "type": TYPE_BASE + self.type,
            "title": self.title.say(language),
            "status": self.status,
        }
        if self.detail is not None:
            members["detail"] = self.detail.say(language)
        return members | self.extra

    def __str__(self) -> str:
        return f"{self.type}: {self.detail.en}" if self.detail else self.type


class MalformedBody(Problem):
    status = 422
    type = "malformed-body"
    title = Text("提交的内容格式不正确", "The body does not have the expected form")


class MalformedRequest(Problem):
    status = 400
    type = "malformed-request"
    title = Text("请求参数不正确", "A parameter or header is not valid")


class BodyTooLarge(Problem):
    status = 413
    type = "body-too-large"
    title = Text("提交的内容过大", "The body is too large")


class BodyTooDeep(Problem):
    status = 400
    type = "body-too-deep"
    title = Text("提交的内容嵌套过深", "The body is nested too deeply")


class WrongCharset(Problem):
    status = 400
    type = "wrong-charset"
    title = Text("提交的内容不是 UTF-8 编码", "The body is not UTF-8")


class WrongMediaType(Problem):
    status = 415
    type = "wrong-media-type"
    title = Text("不支持这种内容类型", "This content type is not supported here")


class UnsupportedFile(Problem):
    status = 422
    type = "unsupported-file"
    title = Text("不支持这种文件", "This kind of file is not read here")


class Unauthenticated(Problem):
    status = 401
    type = "unauthenticated"
    title = Text("请先登录", "A valid bearer token is required")


class Forbidden(Problem):
    status = 403
    type = "forbidden"
    title = Text("没有办理此事的权限", "Your token does not allow this")


class OutsideJurisdiction(Problem):
    status = 403
    type = "outside-jurisdiction"
    title = Text("不在您的管辖区域内", "Outside your jurisdiction")


class PurposeRequired(Problem):
    status = 400
    type = "purpose-required"
    title = Text("请说明查阅目的", "Say why you look: the Purpose header is required")


class WrongPurpose(Problem):
    status = 403
    type = "wrong-purpose"
    title = Text("查阅目的与此事不符", "The stated purpose does not fit what you ask for")


class NotFound(Problem):
    status = 404
    type = "not-found"
    title = Text("没有找到", "Not found")


class Conflict(Problem):
    status = 409
    type = "conflict"
    title = Text("与现有记录冲突", "In conflict with what is recorded")


class IdempotencyConflict(Conflict):
    type = "idempotency-conflict"
    title = Text(
        "同一个 Idempotency-Key 用于了不同的内容",
        "This Idempotency-Key was used for another request",
    )


class StaleVersion(Problem):
    status = 412
    type = "stale-version"
    title = Text("记录已被他人修改,请重新读取", "The record has changed; read it again")


class VersionRequired(Problem):
    status = 428
    type = "version-required"
    title = Text("修改时请附上 If-Match", "An update needs If-Match with the ETag you read")


class MethodNotAllowed(Problem):
    status = 405
    type = "method-not-allowed"
    title = Text("此地址不支持这种操作", "This address does not take that method")


class Unavailable(Problem):
    status = 503
    type = "unavailable"
    title = Text("暂时无法办理,请稍后再试", "Not available just now; try again shortly")


class Internal(Problem):
    status = 500
    type = "internal"
    title = Text("系统出错,已记录", "Something broke on our side; it has been recorded")
