"""Reading charters and commitments."""

from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from uuid import UUID

from pydantic import TypeAdapter

from services.migrant.conveners.rules import shown_members
from services.migrant.selfgovernance.models import Charter, Commitment
from services.migrant.selfgovernance.rules import RightsLine, crossed, state_of
from services.migrant.selfgovernance.schemas import CharterView, CommitmentView, Finding
from shared.actors import narrow
from shared.db import Tx
from shared.pages import BEFORE_ALL, Page, encode_cursor, id_in

_COUNTS = ("attended", "satisfied", "dissatisfied")


@cache
def rights_lines() -> tuple[RightsLine, ...]:
    """Read once. Raises ValidationError when the file is not in form."""
    text = files("services.migrant.selfgovernance").joinpath("rights_check.json").read_bytes()
    return tuple(TypeAdapter(list[RightsLine]).validate_json(text))


def findings_in(*texts: str | None) -> Sequence[Finding]:
    """The lines that a charter seems to cross, in any of its languages."""
    return [
        Finding(word=word, **line.model_dump(exclude={"words"}))
        for text in texts
        if text is not None
        for line, word in crossed(text, rights_lines())
    ]


async def list_charters(
    region: str | None, cursor: str | None, limit: int, tx: Tx
) -> Page[CharterView]:
    """Those in force. Raises OutsideJurisdiction, MalformedRequest."""
    found = await tx.find(
        Charter,
        "SELECT * FROM charters WHERE replaced_at IS NULL AND starts_with(region, $1) AND id > $2"
        " ORDER BY id LIMIT $3",
        narrow(tx.actor, region),
        id_in(cursor) or BEFORE_ALL,
        limit + 1,
    )
    more = encode_cursor(str(found[limit - 1].id)) if len(found) > limit else None
    return Page(items=[charter_view(each) for each in found[:limit]], next=more)


async def list_versions(charter_id: UUID, tx: Tx) -> Sequence[CharterView]:
    """Every version of the charter that this is one of, the newest first. Raises NotFound."""
    charter = await tx.require(Charter, charter_id)
    found = await tx.find(
        Charter,
        "SELECT * FROM charters WHERE region = $1 AND name = $2 ORDER BY version DESC",
        charter.region,
        charter.name,
    )
    return [charter_view(each) for each in found]


async def list_commitments(
    region: str | None, cursor: str | None, limit: int, tx: Tx
) -> Page[CommitmentView]:
    """Raises OutsideJurisdiction, MalformedRequest."""
    found = await tx.find(
        Commitment,
        "SELECT * FROM commitments WHERE starts_with(region, $1) AND id > $2 ORDER BY id LIMIT $3",
        narrow(tx.actor, region),
        id_in(cursor) or BEFORE_ALL,
        limit + 1,
    )
    more = encode_cursor(str(found[limit - 1].id)) if len(found) > limit else None
    return Page(items=[commitment_view(each, tx) for each in found[:limit]], next=more)


def charter_view(charter: Charter) -> CharterView:
    shown = {"attended": shown_members(charter.attended)}
    return CharterView.model_validate(charter.model_dump() | shown)


def commitment_view(commitment: Commitment, tx: Tx) -> CommitmentView:
    columns = commitment.model_dump()
    state = state_of(
        tx.today,
        commitment.due_on,
        reported=commitment.reported_on is not None,
        reviewed=commitment.reviewed_on is not None,
    )
    shown = {name: shown_members(columns[name]) for name in _COUNTS}
    return CommitmentView.model_validate(columns | shown | {"state": state})
