"""Accepting texts: one, many, or because something happened."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from uuid import UUID

from services.notify.contacts.queries import Recipient, find_opted_out, find_recipients
from services.notify.contacts.rules import OwnHours
from services.notify.errors import (
    AlreadyExpired,
    DailyCapReached,
    NoApprovedTemplate,
    NoConsent,
    NotAnOfficial,
    NotByText,
    NotToChildren,
    OptedOut,
    PurposeMismatch,
    ReferenceConflict,
    TextTooLong,
    Unreachable,
)
from services.notify.messages.drafts import COLUMNS, EARLIER, INSERT, Draft, Known
from services.notify.messages.queries import accepted_view
from services.notify.messages.rules import day_of, ever_open, lane_of, schedule
from services.notify.messages.schemas import (
    AcceptedView,
    BatchView,
    ItemView,
    SendMessage,
    SendMessages,
    To,
)
from services.notify.messages.segments import split
from services.notify.settings import Sending
from services.notify.templates.languages import DEFAULT_LANGUAGE
from services.notify.templates.models import Template
from services.notify.templates.queries import Approved, find_approved
from services.notify.templates.rules import OFFICIAL, fill
from services.notify.templates.wordings import wording_for
from shared.clock import CHINA
from shared.db import Tx
from shared.events.notify import MessageAccepted
from shared.events.registry_vital import BirthRegistered
from shared.ids import new_id
from shared.problems import Problem

_OFFICIALS = "SELECT count(*) FROM digest_recipients WHERE phone_index = ANY($1::bytea[])"
_HOLD = "SELECT * FROM hold_numbers($1, $2, $3)"

# (number as a blind index, template or "" for all, day) → texts
_Counts = Counter[tuple[bytes, str, date]]

Outcome = Draft | Known | Problem


async def send_message(command: SendMessage, tx: Tx, sending: Sending) -> AcceptedView:
    """Accept one text. Raises the Problem that refuses it."""
    (outcome,) = await accept([command], tx, sending)
    if isinstance(outcome, Problem):
        raise outcome
    return accepted_view(outcome)


async def send_messages(
    command: SendMessages, tx: Tx, sending: Sending, language: str
) -> BatchView:
    """Accept many texts, each for itself."""
    outcomes = await accept(command.messages, tx, sending)
    items = [
        ItemView(reference=each.reference, problem=outcome.body(language))
        if isinstance(outcome, Problem)
        else ItemView(reference=each.reference, message=accepted_view(outcome))
        for each, outcome in zip(command.messages, outcomes, strict=True)
    ]
    refused = sum(each.problem is not None for each in items)
    return BatchView(accepted=len(items) - refused, refused=refused, items=items)


async def congratulate_on_birth(event: BirthRegistered, tx: Tx, sending: Sending) -> None:
    """Text the mother whose child was registered, where she agreed to it (生育登记告知).
    Without consent, or with a stop, nothing is sent and nothing is wrong."""
    command = SendMessage(
        reference=f"birth:{event.birth_id}",
        template="birth-registered",
        variables={"registered_on": event.registered_at.astimezone(CHINA).date().isoformat()},
        to=To(person_id=event.mother_id),
        purpose="vital-events",
    )
    (outcome,) = await accept([command], tx, sending)
    if isinstance(outcome, Problem) and not isinstance(
        outcome,
        NoConsent | Unreachable | OptedOut | NotByText | DailyCapReached | ReferenceConflict,
    ):
        raise outcome


async def accept(
    commands: Sequence[SendMessage],
    tx: Tx,
    sending: Sending,
    *,
    campaign_id: UUID | None = None,
) -> list[Outcome]:
    """The message of each command, new or already there, or the Problem that refuses it, in a
    fixed number of round trips however many there are."""
    desk = await _desk(commands, tx, sending, campaign_id)
    outcomes = [desk.decide(each) for each in commands]
    await _insert(desk, outcomes, commands, tx)
    return outcomes


@dataclass
class _Desk:
    """All that deciding needs, read once for a batch."""

    tx: Tx
    sending: Sending
    campaign_id: UUID | None
    earlier: dict[str, Draft | Known]
    approved: Approved
    recipients: dict[tuple[UUID, str], Recipient]
    stopped: set[bytes]
    sent: _Counts
    new: dict[UUID, Draft]
    written: dict[tuple[object, ...], tuple[str, int]] = field(default_factory=dict)

    def decide(self, command: SendMessage) -> Outcome:
        content_hash = self.tx.vault.index(command.model_dump_json(), "messages.content")
        earlier = self.earlier.get(command.reference)
        if earlier is not None:
            return earlier if earlier.content_hash == content_hash else ReferenceConflict()
        try:
            message = self._draft(command, content_hash)
        except Problem as problem:
            return problem
        self.earlier[command.reference] = self.new[message.id] = message
        day = day_of(message.due_at)
        self.sent[message.phone_index, message.template, day] += 1
        self.sent[message.phone_index, "", day] += 1
        return message

    def _draft(self, command: SendMessage, content_hash: bytes) -> Draft:
        person_id, region, language, number, own = self._destination(command)
        template = self._template(command, language)
        if not ever_open(self.sending, own, template.kind):
            raise NotByText()
        due_at, expires_at = schedule(
            template.kind, self.tx.now, command.not_before, command.expires, self.sending, own
        )
        if expires_at <= due_at:
            raise AlreadyExpired()
        self._check_caps(number, template.code, day_of(due_at))
        body, parts = self._written(template, command)
        message_id, phone = new_id(), command.to.phone
        seal = self.tx.vault.seal
        return Draft(
            id=message_id,
            caller=self.tx.actor.sub,
            reference=command.reference,
            content_hash=content_hash,
            template_id=template.id,
            template=template.code,
            purpose=command.purpose,
            kind=template.kind,
            lane=lane_of(template.kind),
            person_id=person_id,
            campaign_id=self.campaign_id,
            region=region,
            language=template.language,
            parts=parts,
            body_sealed=seal(body, f"messages.body:{message_id}"),
            phone_sealed=seal(phone, f"messages.phone:{message_id}") if phone else None,
            phone_index=number,
            created_at=self.tx.now,
            due_at=due_at,
            expires_at=expires_at,
        )

    def _written(self, template: Template, command: SendMessage) -> tuple[str, int]:
        """Texts of a batch that say the same are written once: a campaign says the same to all."""
        key = (template.id, *sorted(command.variables.items()))
        written = self.written.get(key)
        if written is None:
            written = self.written[key] = self._write(template, command)
        return written

    def _write(self, template: Template, command: SendMessage) -> tuple[str, int]:
        """The text as the template signs it, and its parts. With the longest signature and
        opt-out sentence of any provider it must not have more than the county sends."""
        text = fill(
            template.text,
            template.variables,
            command.variables,
            template.language,
            template.choices,
        )
        signatures = self.approved.signatures.get(template.id, {})
        own = {
            wording_for(template, provider, signatures, self.sending).dress(text)
            for provider in {*signatures, *self.sending.terms}
        }
        body = wording_for(template, "", {}, self.sending).dress(text)
        if max(len(split(each).parts) for each in {body, *own}) > self.sending.max_parts:
            raise TextTooLong()
        return body, len(split(body).parts)

    def _destination(
        self, command: SendMessage
    ) -> tuple[UUID | None, str, str, bytes, OwnHours | None]:
        """Person, region, language, number (blind index) and the hours she chose; refuses where
        there is no leave."""
        if command.to.phone is not None:
            number = self.tx.vault.index(command.to.phone, "phone")
            if number in self.stopped:
                raise OptedOut()
            language = command.to.language or DEFAULT_LANGUAGE
            return None, self.tx.actor.region, language, number, None
        asked = command.to.person_id
        recipient = self.recipients.get((asked, command.purpose)) if asked else None
        if recipient is None or not recipient.active:
            raise NoConsent()
        if recipient.for_child:
            raise NotToChildren()
        if recipient.phone_index is None:
            raise Unreachable()
        if recipient.opted_out:
            raise OptedOut()
        if not recipient.by_text:
            raise NotByText()
        return (
            recipient.person_id,
            recipient.region,
            recipient.language,
            recipient.phone_index,
            recipient.hours,
        )

    def _template(self, command: SendMessage, language: str) -> Template:
        template = self.approved.choose(command.template, language)
        if template is None:
            raise NoApprovedTemplate()
        if template.purpose != command.purpose:
            raise PurposeMismatch()
        return template

    def _check_caps(self, number: bytes, template: str, day: date) -> None:
        if (
            self.sent[number, "", day] >= self.sending.daily_per_number
            or self.sent[number, template, day] >= self.sending.daily_per_template
        ):
            raise DailyCapReached()


async def _desk(
    commands: Sequence[SendMessage], tx: Tx, sending: Sending, campaign_id: UUID | None
) -> _Desk:
    """Numbers are held before anything is counted or looked up: whoever enters texts to the same
    number at the same moment waits, and then sees these."""
    recipients = await find_recipients(
        [(each.to.person_id, each.purpose) for each in commands if each.to.person_id], tx
    )
    direct = [tx.vault.index(each.to.phone, "phone") for each in commands if each.to.phone]
    numbers = {each.phone_index for each in recipients.values() if each.phone_index} | set(direct)
    sent = await _hold(sorted(numbers), tx)
    return _Desk(
        tx,
        sending,
        campaign_id,
        await _earlier(commands, tx),
        await find_approved((each.template for each in commands), tx),
        recipients,
        await find_opted_out(direct, OFFICIAL, tx),
        sent,
        {},
    )


async def _earlier(commands: Sequence[SendMessage], tx: Tx) -> dict[str, Draft | Known]:
    rows = await tx.fetch(EARLIER, tx.actor.sub, [each.reference for each in commands])
    return {row["reference"]: Known(**row) for row in rows}


async def _hold(numbers: list[bytes], tx: Tx) -> _Counts:
    """Hold some numbers until the commit, and count the texts each gets today and later, of each
    template and ("") of all, in the whole county."""
    sent: _Counts = Counter()
    if not numbers:
        return sent
    midnight = datetime.combine(tx.today, time(), CHINA)
    for row in await tx.fetch(_HOLD, numbers, midnight, tx.today):
        sent[row["phone_index"], row["template"], row["day"]] += row["sent"]
        sent[row["phone_index"], "", row["day"]] += row["sent"]
    return sent


async def _insert(
    desk: _Desk, outcomes: list[Outcome], commands: Sequence[SendMessage], tx: Tx
) -> None:
    """Write the new messages at once. One that another request entered meanwhile under the same
    reference is answered as that one."""
    if not desk.new:
        return
    rows = list(desk.new.values())
    columns = [[getattr(each, name) for each in rows] for name in COLUMNS]
    inserted = {row["id"] for row in await tx.fetch(INSERT, *columns)}
    for message in rows:
        if message.id in inserted:
            _tell(message, tx)
    if len(inserted) == len(rows):
        return
    entered = await _earlier(commands, tx)
    for place, outcome in enumerate(outcomes):
        if isinstance(outcome, Draft) and outcome.id in desk.new.keys() - inserted:
            other = entered.get(outcome.reference)
            same = other is not None and other.content_hash == outcome.content_hash
            outcomes[place] = other if other is not None and same else ReferenceConflict()


async def queue_for_officials(drafts: Sequence[Draft], tx: Tx) -> None:
    """Queue texts to numbers that officials entered and agreed to (digests/). Raises NotAnOfficial
    where one of them is nobody's: only the contact book opens a way to a person."""
    numbers = sorted({each.phone_index for each in drafts})
    known = await tx.fetch_value(_OFFICIALS, numbers)
    if known != len(numbers):
        raise NotAnOfficial()
    await tx.execute(INSERT, *([getattr(each, name) for each in drafts] for name in COLUMNS))
    for each in drafts:
        _tell(each, tx)


def _tell(message: Draft, tx: Tx) -> None:
    tx.emit(
        MessageAccepted(
            message_id=message.id,
            person_id=message.person_id,
            template=message.template,
            purpose=message.purpose,
            region=message.region,
        )
    )
    if message.person_id is not None:
        tx.saw(message.person_id, "message")
