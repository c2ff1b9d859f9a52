"""What goes wrong with partners: refusals of a whole message, the standard's reason codes for one
request of it, and RFC 6749's errors of the token door."""

from typing import Final

from services.exchange.errors import Refused
from shared.problems import Conflict, NotFound, Problem, Text

BAD_CRITERIA: Final = "rjct.search_criteria.invalid"
BAD_FILTER: Final = "rjct.filter.invalid"
BAD_SORT: Final = "rjct.sort.invalid"
BAD_PAGE: Final = "rjct.pagination.invalid"
TOO_MANY: Final = "rjct.search.too_many_records_found"
BAD_EVENT: Final = "rjct.notify_types.invalid"
BAD_DETAILS: Final = "rjct.notify_details.invalid"
BAD_PERSON: Final = "rjct.person_id.invalid"
SUBSCRIBED_ALREADY: Final = "rjct.event.already_subscribed"
UNSUBSCRIBED_ALREADY: Final = "rjct.event.already_unsubscribed"
BAD_CODE: Final = "rjct.subscription_code.invalid"
BAD_TIME: Final = "rjct.timestamp.invalid"
USED_REFERENCE: Final = "rjct.reference_id.duplicate"
BAD_REFERENCE: Final = "rjct.reference_id.invalid"
BAD_COUNT: Final = "rjct.total_count.invalid"
TOO_LONG: Final = "rjct.total_count.limit_exceeded"


class Rejected(Exception):
    """One request of a message is rejected, with the standard's reason code."""

    def __init__(self, code: str, zh: str, en: str) -> None:
        super().__init__(code)
        self.code = code
        self.reason = Text(zh, en)


# a whole message


class TokenRefused(Refused):
    status = 401
    code = "err.request.unauthorized"
    title = Text("令牌缺失、无效或已过期", "The token is missing, not valid or expired")


class AnotherSender(Refused):
    status = 403
    code = "err.sender_id.invalid"
    title = Text("令牌不属于报文的发送方", "The token is not the sender's")


class CallbackRefused(Refused):
    status = 400
    code = "err.sender_uri.invalid"
    title = Text("回调地址不在登记的地址之下", "The callback is not under the registered address")


class SourcesAway(Refused):
    """The register or the migrant service did not answer, or will not answer us."""

    status = 503
    code = "err.service.unavailable"
    title = Text("登记系统暂时没有应答", "The register does not answer just now")


# partners


class PartnerNotFound(NotFound):
    title = Text("没有这个合作方", "No such partner")


class PartnerKnown(Conflict):
    type = "partner-known"
    title = Text("已有这个发送方编号的合作方", "There is a partner with this sender id already")


class UnsignedRefused(Problem):
    status = 403
    type = "unsigned-refused"
    title = Text("只有本机试用可以不签名", "Unsigned messages are for trials on one machine only")


# the token door


class TokenDenied(Exception):
    """RFC 6749 section 5.2: `error` is the code, `status` the HTTP status."""

    def __init__(self, error: str, status: int) -> None:
        super().__init__(error)
        self.error = error
        self.status = status
