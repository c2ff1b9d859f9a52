"""What kinds of messages are called, for people."""

from typing import Final

from services.exchange.notices.rules import AMENDMENT_KIND, FEEDBACK_KIND, NoticeKind, wire_kind
from shared.problems import Text

_NOTICES: Final = {
    NoticeKind.ARRIVAL: Text("流入通报", "arrivals"),
    NoticeKind.DEPARTURE: Text("流出通报", "departures"),
    NoticeKind.CERTIFICATE_CHECKED: Text("证明核验通报", "certificates checked"),
    NoticeKind.SERVICE_DELIVERED: Text("服务办结通报", "services delivered"),
    NoticeKind.BIRTH_REGISTERED: Text("出生通报", "births registered"),
    NoticeKind.DEATH_REGISTERED: Text("死亡通报", "deaths registered"),
    NoticeKind.CORRECTION: Text("更正建议", "corrections suggested"),
}
_WORDS: Final = {wire_kind(kind): words for kind, words in _NOTICES.items()} | {
    FEEDBACK_KIND: Text("通报反馈", "feedback"),
    AMENDMENT_KIND: Text("通报更正", "notices amended"),
}
_INQUIRY: Final = Text("协查", "inquiries")
DIRECTIONS: Final = {"out": Text("发出", "sent"), "in": Text("收到", "received")}


def kind_words(kind: str) -> Text:
    """What a record type is called; its own name where it has no other."""
    if kind.startswith("yipan.inquiry."):
        step = kind.removeprefix("yipan.inquiry.").rpartition(".")[0]
        return Text(f"{_INQUIRY.zh} {step}", f"{_INQUIRY.en}: {step}")
    return _WORDS.get(kind, Text(kind, kind))
