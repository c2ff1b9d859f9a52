"""Asking for help, accepting, reporting, asking back, extending and settling."""

from dataclasses import dataclass
from uuid import UUID

from services.migrant.consents.queries import stands
from services.migrant.consents.rules import ConsentPurpose
from services.migrant.conveners.queries import require_convener
from services.migrant.help.access import Part, held, opened
from services.migrant.help.catalogue import catalogue
from services.migrant.help.errors import (
    AlreadyAccepted,
    AlreadyExtended,
    AlreadySettled,
    NotAccepted,
    NothingAsked,
)
from services.migrant.help.models import HelpRequest
from services.migrant.help.queries import seen
from services.migrant.help.routing import routed
from services.migrant.help.rules import AnswerBy, Channel, Step, after, in_time, is_urgent
from services.migrant.help.schemas import (
    AcceptHelp,
    AnswerBack,
    AskBack,
    ExtendHelp,
    HelpView,
    ReportStep,
    RequestHelp,
    SettleHelp,
)
from services.migrant.help.steps import PERSON, add_step
from services.migrant.people.queries import current_id
from services.migrant.people.rules import OFFICES, is_office
from shared.db import Tx
from shared.events.migrant import HelpRatingAsked, HelpRequested, HelpSettled
from shared.ids import new_id
from shared.problems import OutsideJurisdiction
from shared.subjects import herself, require_own


@dataclass(frozen=True, slots=True)
class Asker:
    """Whom a request is from, and who took it."""

    channel: Channel
    answer_by: AnswerBy
    person_id: UUID | None = None
    convener_id: UUID | None = None


async def request_help(command: RequestHelp, tx: Tx) -> HelpView:
    """Route a request to its department with a date to settle by. A person on her own asks for
    herself, a convener for whoever asked her to. Raises OutsideJurisdiction, NotFound,
    NotAConvener."""
    if not tx.actor.covers(command.region):
        raise OutsideJurisdiction()
    request = await take_request(command, await _asker(command, tx), tx)
    return await seen(request, tx, notes=is_office(tx.actor))


async def _asker(command: RequestHelp, tx: Tx) -> Asker:
    if is_office(tx.actor):
        person_id = await current_id(command.person_id, tx) if command.person_id else None
        answer_by = command.answer_by or AnswerBy.DESK
        return Asker(command.channel, answer_by, person_id)
    if command.asked_how is not None:
        convener = await require_convener(command.region, tx)
        return Asker(Channel.CONVENER, AnswerBy.NONE, convener_id=convener)
    person_id = command.person_id or await herself(tx)
    await require_own(person_id, tx, *OFFICES)
    answer_by = command.answer_by or AnswerBy.APP
    return Asker(Channel.APP, answer_by, await current_id(person_id, tx) if person_id else None)


async def take_request(command: RequestHelp, asker: Asker, tx: Tx) -> HelpRequest:
    """Enter a request and tell of it."""
    data, limits, request_id = catalogue(), catalogue().limits, new_id()
    department, office = await routed(
        command.category, command.region, command.employer_code is not None, tx
    )
    request = HelpRequest(
        id=request_id,
        person_id=asker.person_id,
        region=command.region,
        category=command.category,
        department=department,
        office=office,
        channel=asker.channel,
        taken_office=tx.actor.org if asker.channel in (Channel.DESK, Channel.PHONE) else PERSON,
        convener_id=asker.convener_id,
        asked_how=command.asked_how,
        employer_code=command.employer_code,
        people=command.people,
        urgent=is_urgent(
            command.text,
            by_category=data.by_code[command.category].urgent,
            people=command.people,
            urgent_people=limits.urgent_people.value,
            danger=data.danger_words,
        ),
        answer_by=asker.answer_by,
        text_sealed=seal(request_id, "text", command.text, tx),
        phone_sealed=seal(request_id, "phone", command.phone, tx) if command.phone else None,
        phone_index=tx.vault.index(command.phone, "phone") if command.phone else None,
        requested_on=tx.today,
        accept_by=after(tx.today, limits.accept_days.value),
        due_on=after(tx.today, limits.settle_days.value),
        recorded_at=tx.now,
        recorded_by=tx.actor.sub,
    )
    await tx.add(request)
    await add_step(request, Step.TAKEN, tx, office=request.taken_office)
    await add_step(request, Step.ROUTED, tx, office=request.taken_office, to_office=office)
    tx.emit(
        HelpRequested(
            request_id=request.id,
            region=request.region,
            department=request.department,
            category=request.category,
            due_on=request.due_on,
            office=request.office,
            urgent=request.urgent,
            people=request.people,
        )
    )
    return request


async def accept_help(request_id: UUID, command: AcceptHelp | None, tx: Tx) -> HelpView:
    """Tell that it is accepted (受理); the days to settle count from here. Raises NotFound,
    NotYourOffices, AlreadyAccepted, AlreadySettled."""
    request = await _unsettled(request_id, tx)
    if request.accepted_on is not None:
        raise AlreadyAccepted()
    request.accepted_on = tx.today
    request.due_on = after(tx.today, catalogue().limits.settle_days.value)
    await tx.save(request)
    await add_step(request, Step.ACCEPTED, tx, note=command.note if command else None)
    return await seen(request, tx, notes=True)


async def report_step(request_id: UUID, command: ReportStep, tx: Tx) -> HelpView:
    """Tell her what was done. Raises NotFound, NotYourOffices, NotAccepted, AlreadySettled."""
    request = await _unsettled(request_id, tx)
    if request.accepted_on is None:
        raise NotAccepted()
    await add_step(request, Step.DONE, tx, words=command.words, note=command.note)
    return await seen(request, tx, notes=True)


async def ask_back(request_id: UUID, command: AskBack, tx: Tx) -> HelpView:
    """Ask her for what is missing. The days go on: a question costs the office's time, not hers.
    Raises NotFound, NotYourOffices, AlreadySettled."""
    request = await _unsettled(request_id, tx)
    request.asked_back_on = tx.today
    await tx.save(request)
    await add_step(request, Step.ASKED, tx, words=command.words, note=command.note)
    return await seen(request, tx, notes=True)


async def answer_back(request_id: UUID, command: AnswerBack, tx: Tx) -> HelpView:
    """Her answer, by herself, by the convener she asked, or by a desk on her word. Raises NotFound,
    NothingAsked, AlreadySettled."""
    request, part = await opened(request_id, tx)
    if request.settled_at is not None:
        raise AlreadySettled()
    if request.asked_back_on is None:
        raise NothingAsked()
    request.asked_back_on = None
    await tx.save(request)
    by_office = None if is_office(tx.actor) else PERSON
    await add_step(request, Step.ANSWERED, tx, words=command.words, office=by_office)
    return await seen(request, tx, notes=part is Part.HOLDER)


async def extend_help(request_id: UUID, command: ExtendHelp, tx: Tx) -> HelpView:
    """Raises NotFound, NotYourOffices, NotAccepted, AlreadyExtended, AlreadySettled."""
    request = await _unsettled(request_id, tx)
    if request.accepted_on is None:
        raise NotAccepted()
    if request.extended_on is not None:
        raise AlreadyExtended()
    request.extended_on = tx.today
    request.due_on = after(request.due_on, catalogue().limits.extend_days.value)
    await tx.save(request)
    await add_step(request, Step.EXTENDED, tx, words=command.reason, note=command.note)
    return await seen(request, tx, notes=True)


async def settle_help(request_id: UUID, command: SettleHelp, tx: Tx) -> HelpView:
    """Settle it and, where she wants that, ask her whether it helped. Raises NotFound,
    NotYourOffices, AlreadySettled."""
    request = await _unsettled(request_id, tx)
    request.answer_sealed = seal(request.id, "answer", command.answer, tx)
    request.settled_at = tx.now
    request.asked_back_on = None
    request.in_time = in_time(
        tx.today,
        request.due_on,
        accepted_on=request.accepted_on,
        accept_limit=request.accept_by,
    )
    if request.rated_at is None:
        request.rate_until = after(tx.today, catalogue().limits.rating_days.value)
        await _ask_whether_it_helped(request, tx)
    await tx.save(request)
    await add_step(request, Step.SETTLED, tx, words=command.answer, note=command.note)
    tx.emit(
        HelpSettled(
            request_id=request.id,
            region=request.region,
            department=request.department,
            category=request.category,
            in_time=request.in_time,
            satisfied=None,
        )
    )
    return await seen(request, tx, notes=True)


async def _ask_whether_it_helped(request: HelpRequest, tx: Tx) -> None:
    """By text, where she chose that and her consent to reminders stands. App and desk show it."""
    if request.answer_by != AnswerBy.SMS or request.person_id is None:
        return
    if await stands(request.person_id, ConsentPurpose.SMS_REMINDERS, tx):
        tx.emit(
            HelpRatingAsked(
                request_id=request.id, person_id=request.person_id, region=request.region
            )
        )


async def _unsettled(request_id: UUID, tx: Tx) -> HelpRequest:
    request = await held(request_id, tx)
    if request.settled_at is not None:
        raise AlreadySettled()
    return request


def seal(request_id: UUID, name: str, value: str, tx: Tx) -> bytes:
    """A value of a request, sealed for its column."""
    return tx.vault.seal(value, f"help_requests.{name}:{request_id}")
