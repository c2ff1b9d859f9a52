"""Which texts are accepted. All that deciding needs is read before; what texts of a batch have in
common is decided once."""

from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from services.notify.contacts.queries import Recipient
from services.notify.contacts.rules import OwnHours
from services.notify.errors import (
    AlreadyExpired,
    DailyCapReached,
    NoApprovedTemplate,
    NoConsent,
    NotByText,
    NotToChildren,
    OptedOut,
    PurposeMismatch,
    ReferenceConflict,
    TextTooLong,
    Unreachable,
)
from services.notify.messages.drafts import Draft, Known, Shape
from services.notify.messages.rules import day_of, ever_open, lane_of, schedule
from services.notify.messages.schemas import SendMessage
from services.notify.messages.segments import split
from services.notify.settings import Sending
from services.notify.templates.languages import DEFAULT_LANGUAGE
from services.notify.templates.models import Template
from services.notify.templates.queries import Approved
from services.notify.templates.rules import fill
from services.notify.templates.wordings import wording_for
from shared.db import Tx
from shared.ids import new_id
from shared.problems import Problem

_Counted = tuple[bytes, str, date]  # number (blind index), template or "" for all, day
Counts = dict[_Counted, int]
"""How many texts a number gets on a day: of each template, and of all."""

Outcome = Draft | Known | Problem
_Times = tuple[datetime, datetime, date]  # due, stale, and the day it counts for
_Destination = tuple[UUID | None, str, str, bytes, OwnHours | None]


@dataclass
class Desk:
    """Decides about the texts of a batch, one after the other: each counts for the next."""

    tx: Tx
    sending: Sending
    earlier: dict[str, Draft | Known]
    approved: Approved
    recipients: dict[tuple[UUID, str], Recipient]
    stopped: set[bytes]
    sent: Counts
    new: dict[UUID, Draft] = field(default_factory=dict)
    _written: dict[tuple[object, ...], tuple[bytes, int]] = field(default_factory=dict)
    _times: dict[tuple[object, ...], _Times] = field(default_factory=dict)
    _shapes: dict[tuple[object, ...], Shape] = field(default_factory=dict)

    def decide(self, command: SendMessage) -> Outcome:
        content_hash = self.tx.vault.index(command.model_dump_json(), "messages.content")
        earlier = self.earlier.get(command.reference)
        if earlier is not None:
            return earlier if earlier.content_hash == content_hash else ReferenceConflict()
        try:
            draft = self._draft(command, content_hash)
        except Problem as problem:
            return problem
        self.earlier[command.reference] = self.new[draft.id] = draft
        return draft

    def _draft(self, command: SendMessage, content_hash: bytes) -> Draft:
        person_id, region, language, number, own = self._destination(command)
        template = self._template(command, language)
        times = self._scheduled(template, command, own)
        counted = self._check_caps(number, template.code, times[2])
        body, parts = self._worded(template, command)
        for each in counted:
            self.sent[each] = self.sent.get(each, 0) + 1
        message_id, phone, vault = new_id(), command.to.phone, self.tx.vault
        return Draft(
            id=message_id,
            reference=command.reference,
            content_hash=content_hash,
            person_id=person_id,
            body_sealed=vault.seal_bytes(body, f"messages.body:{message_id}"),
            phone_sealed=vault.seal(phone, f"messages.phone:{message_id}") if phone else None,
            phone_index=number,
            shape=self._shape(template, region, parts, times),
        )

    def _destination(self, command: SendMessage) -> _Destination:
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

    def _scheduled(self, template: Template, command: SendMessage, own: OwnHours | None) -> _Times:
        key = (template.kind, command.not_before, command.expires, own)
        times = self._times.get(key)
        if times is None:
            times = self._times[key] = self._schedule(template.kind, command, own)
        return times

    def _schedule(self, kind: str, command: SendMessage, own: OwnHours | None) -> _Times:
        if not ever_open(self.sending, own, kind):
            raise NotByText()
        due_at, expires_at = schedule(
            kind, self.tx.now, command.not_before, command.expires, self.sending, own
        )
        if expires_at <= due_at:
            raise AlreadyExpired()
        return due_at, expires_at, day_of(due_at)

    def _check_caps(self, number: bytes, template: str, day: date) -> tuple[_Counted, _Counted]:
        """What one more text to this number counts for; refuses where that would be too many."""
        of_all, alike = (number, "", day), (number, template, day)
        if (
            self.sent.get(of_all, 0) >= self.sending.daily_per_number
            or self.sent.get(alike, 0) >= self.sending.daily_per_template
        ):
            raise DailyCapReached()
        return of_all, alike

    def _worded(self, template: Template, command: SendMessage) -> tuple[bytes, int]:
        """Texts of a batch that say the same are written once: a campaign says the same to all."""
        key = (template.id, *sorted(command.variables.items()))
        written = self._written.get(key)
        if written is None:
            written = self._written[key] = self._write(template, command)
        return written

    def _write(self, template: Template, command: SendMessage) -> tuple[bytes, int]:
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
        return body.encode(), len(split(body).parts)

    def _shape(self, template: Template, region: str, parts: int, times: _Times) -> Shape:
        key = (template.id, region, parts, *times)
        shape = self._shapes.get(key)
        if shape is None:
            due_at, expires_at, _ = times
            shape = shape_of(template, template.purpose, region, parts, due_at, expires_at)
            self._shapes[key] = shape
        return shape


def shape_of(
    template: Template,
    purpose: str,
    region: str,
    parts: int,
    due_at: datetime,
    expires_at: datetime,
) -> Shape:
    """The shape of texts of one template."""
    return Shape(
        template_id=template.id,
        template=template.code,
        purpose=purpose,
        kind=template.kind,
        lane=lane_of(template.kind),
        region=region,
        language=template.language,
        parts=parts,
        due_at=due_at,
        expires_at=expires_at,
    )
