"""Accepting texts: one, many, or because something happened."""

from collections.abc import Iterable, Sequence
from datetime import datetime, time
from uuid import UUID

from pydantic_core import to_json

from services.notify.contacts.queries import find_opted_out, find_recipients
from services.notify.errors import (
    DailyCapReached,
    NoConsent,
    NotAnOfficial,
    NotByText,
    OptedOut,
    ReferenceConflict,
    Unreachable,
)
from services.notify.messages.deciding import Counts, Desk, Outcome
from services.notify.messages.drafts import EARLIER, INSERT, Draft, Known, insertion
from services.notify.messages.queries import accepted
from services.notify.messages.schemas import AcceptedView, SendMessage, SendMessages, To
from services.notify.settings import Sending
from services.notify.templates.queries import find_approved
from services.notify.templates.rules import OFFICIAL
from shared.clock import CHINA
from shared.db import Tx
from shared.events.notify import AcceptedText, MessageAccepted
from shared.events.registry_vital import BirthRegistered
from shared.ids import new_id
from shared.problems import Problem

_OFFICIALS = "SELECT count(*) FROM digest_recipients WHERE phone_index = ANY($1::bytea[])"
_HOLD = "SELECT * FROM hold_numbers($1, $2, $3)"
_ENTERED = "SELECT id FROM messages WHERE id = ANY($1::uuid[])"


async def send_message(command: SendMessage, tx: Tx, sending: Sending) -> AcceptedView:
    """Accept one text. Raises the Problem that refuses it."""
    (outcome,) = await accept([command], tx, sending)
    if isinstance(outcome, Problem):
        raise outcome
    return AcceptedView(**accepted(outcome))


async def send_messages(command: SendMessages, tx: Tx, sending: Sending, language: str) -> bytes:
    """Accept many texts, each for itself. A BatchView (JSON), written from plain values: to make a
    thousand views takes as long as to seal a thousand texts."""
    outcomes = await accept(command.messages, tx, sending)
    items = [
        {"reference": each.reference, "message": None, "problem": outcome.body(language)}
        if isinstance(outcome, Problem)
        else {"reference": each.reference, "message": accepted(outcome), "problem": None}
        for each, outcome in zip(command.messages, outcomes, strict=True)
    ]
    refused = sum(isinstance(each, Problem) for each in outcomes)
    return to_json({"accepted": len(items) - refused, "refused": refused, "items": items})


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
    desk = await _desk(commands, tx, sending)
    outcomes = [desk.decide(each) for each in commands]
    await _insert(list(desk.new.values()), outcomes, campaign_id, tx)
    return outcomes


async def _desk(commands: Sequence[SendMessage], tx: Tx, sending: Sending) -> Desk:
    """Numbers are held before anything is counted or looked up: whoever enters texts to the same
    number at the same moment waits, and then sees these."""
    recipients = await find_recipients(
        [(each.to.person_id, each.purpose) for each in commands if each.to.person_id], tx
    )
    direct = [tx.vault.index(each.to.phone, "phone") for each in commands if each.to.phone]
    numbers = {each.phone_index for each in recipients.values() if each.phone_index} | set(direct)
    sent = await _hold(sorted(numbers), tx)
    return Desk(
        tx,
        sending,
        await _earlier([each.reference for each in commands], tx),
        await find_approved((each.template for each in commands), tx),
        recipients,
        await find_opted_out(direct, OFFICIAL, tx),
        sent,
    )


async def _earlier(references: Sequence[str], tx: Tx) -> dict[str, Draft | Known]:
    rows = await tx.fetch(EARLIER, tx.actor.sub, references)
    return {row["reference"]: Known(**row) for row in rows}


async def _hold(numbers: list[bytes], tx: Tx) -> Counts:
    """Hold some numbers until the commit, and count the texts each gets today and later, of each
    template and ("") of all, in the whole county."""
    sent: Counts = {}
    if not numbers:
        return sent
    midnight = datetime.combine(tx.today, time(), CHINA)
    for row in await tx.fetch(_HOLD, numbers, midnight, tx.today):
        number, day = row["phone_index"], row["day"]
        sent[number, row["template"], day] = row["sent"]
        sent[number, "", day] = sent.get((number, "", day), 0) + row["sent"]
    return sent


async def _insert(
    drafts: Sequence[Draft], outcomes: list[Outcome], campaign_id: UUID | None, tx: Tx
) -> None:
    """Write the new messages at once. One that another request entered meanwhile under the same
    reference is answered as that one."""
    if not drafts:
        return
    tag = await tx.execute(INSERT, *insertion(drafts, campaign_id, tx))
    if tag == f"INSERT 0 {len(drafts)}":
        _tell(drafts, tx)
        return
    rows = await tx.fetch(_ENTERED, [each.id for each in drafts])
    inserted = {row["id"] for row in rows}
    _tell([each for each in drafts if each.id in inserted], tx)
    late = {each.id: each for each in drafts if each.id not in inserted}
    entered = await _earlier([each.reference for each in late.values()], tx)
    for place, outcome in enumerate(outcomes):
        if isinstance(outcome, Draft) and outcome.id in late:
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
    await tx.execute(INSERT, *insertion(drafts, None, tx))
    _tell(drafts, tx)


def _tell(drafts: Iterable[Draft], tx: Tx) -> None:
    """One event for all texts of a template, purpose and region; a look at each person's own."""
    told: dict[tuple[str, str, str], list[AcceptedText]] = {}
    for draft in drafts:
        shape, person_id = draft.shape, draft.person_id
        alike = told.setdefault((shape.template, shape.purpose, shape.region), [])
        alike.append(AcceptedText(message_id=draft.id, person_id=person_id))
        if person_id is not None:
            tx.saw(person_id, "message")
    for (template, purpose, region), texts in told.items():
        tx.emit(
            MessageAccepted(
                acceptance_id=new_id(),
                template=template,
                purpose=purpose,
                region=region,
                texts=texts,
            )
        )
