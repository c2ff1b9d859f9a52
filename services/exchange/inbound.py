"""Which facts this service takes from peers, each one a call of a handler."""

from services.exchange.agreements import handlers as agreements
from services.exchange.agreements.schemas import (
    ANSWER_KIND,
    END_KIND,
    PROPOSAL_KIND,
    AnswerAgreement,
    EndAgreement,
    Terms,
)
from services.exchange.claims.handlers import receive_claim_word
from services.exchange.figures.handlers import receive_figures, receive_seen
from services.exchange.figures.rules import DEPARTMENT_KIND, SEEN_KIND
from services.exchange.figures.schemas import DepartmentRecord, SeenRecord
from services.exchange.handovers.arrivals import receive_offer, receive_word
from services.exchange.handovers.rules import HEARD, OFFERED_KIND
from services.exchange.handovers.schemas import OfferedRecord, WordRecord
from services.exchange.inquiries import arrivals
from services.exchange.inquiries.rules import CASE, OPENED, WIRE_KINDS
from services.exchange.inquiries.schemas import ActRecord, CaseRecord, OpenedRecord
from services.exchange.messages.door import Door
from services.exchange.notices.amending import receive_amendment
from services.exchange.notices.handlers import receive_feedback, receive_notices
from services.exchange.notices.rules import (
    AMENDMENT_KIND,
    CLAIM_KINDS,
    FEEDBACK_KIND,
    NoticeKind,
    wire_kind,
)
from services.exchange.notices.schemas import Amendment, Feedback, NoticeRecord
from services.exchange.objections import arrivals as objections
from services.exchange.objections.rules import (
    APPEALED_KIND,
    DECIDED_KIND,
    REVIEWED_KIND,
    STATED_KIND,
)
from services.exchange.objections.schemas import AppealedRecord, DecidedRecord, StatedRecord
from services.exchange.reconciliations.handlers import receive_lines, receive_statement
from services.exchange.reconciliations.rules import LINES_KIND, STATEMENT_KIND
from services.exchange.reconciliations.schemas import LinesRecord, StatementRecord

door = Door()

for notice_kind in NoticeKind:
    if notice_kind in CLAIM_KINDS:
        door.on(wire_kind(notice_kind), NoticeRecord, receive_claim_word)
    else:
        door.on_all(wire_kind(notice_kind), NoticeRecord, receive_notices)
door.on(FEEDBACK_KIND, Feedback, receive_feedback)
door.on(AMENDMENT_KIND, Amendment, receive_amendment)

door.on(STATEMENT_KIND, StatementRecord, receive_statement)
door.on(LINES_KIND, LinesRecord, receive_lines)
door.on(PROPOSAL_KIND, Terms, agreements.receive_proposal)
door.on(ANSWER_KIND, AnswerAgreement, agreements.receive_answer)
door.on(END_KIND, EndAgreement, agreements.receive_end)
door.on(DEPARTMENT_KIND, DepartmentRecord, receive_figures)
door.on(SEEN_KIND, SeenRecord, receive_seen)

door.on_all(OPENED, OpenedRecord, arrivals.receive_opened)
door.on(CASE, CaseRecord, arrivals.receive_case)
for wire in WIRE_KINDS.values():
    door.on(wire, ActRecord, arrivals.receive_act)

door.on(STATED_KIND, StatedRecord, objections.receive_stated)
door.on(DECIDED_KIND, DecidedRecord, objections.receive_decided)
door.on(APPEALED_KIND, AppealedRecord, objections.receive_appealed)
door.on(REVIEWED_KIND, DecidedRecord, objections.receive_reviewed)

door.on(OFFERED_KIND, OfferedRecord, receive_offer)
for word in HEARD:
    door.on(word, WordRecord, receive_word)
