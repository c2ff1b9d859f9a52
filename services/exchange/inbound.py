"""Which facts this service takes from peers, each one a call of a handler."""

from services.exchange.inquiries import arrivals
from services.exchange.inquiries.rules import CASE, OPENED, WIRE_KINDS
from services.exchange.inquiries.schemas import ActRecord, CaseRecord, OpenedRecord
from services.exchange.messages.door import Door
from services.exchange.notices.handlers import receive_feedback, receive_notice
from services.exchange.notices.rules import FEEDBACK_KIND, NoticeKind, wire_kind
from services.exchange.notices.schemas import Feedback, NoticeRecord

door = Door()

for notice_kind in NoticeKind:
    door.on(wire_kind(notice_kind), NoticeRecord, receive_notice)
door.on(FEEDBACK_KIND, Feedback, receive_feedback)

door.on(OPENED, OpenedRecord, arrivals.receive_opened)
door.on(CASE, CaseRecord, arrivals.receive_case)
for wire in WIRE_KINDS.values():
    door.on(wire, ActRecord, arrivals.receive_act)
