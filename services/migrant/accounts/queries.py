"""Reading logins."""

from collections.abc import Sequence
from uuid import UUID

from services.migrant.accounts.models import AccountLink
from services.migrant.accounts.schemas import AccountLinkView
from services.migrant.people.queries import current_id
from services.migrant.people.rules import OFFICES
from shared.crypto import mask
from shared.db import Tx
from shared.subjects import current_subject, login_id, require_own


async def list_links(person_id: UUID, tx: Tx) -> Sequence[AccountLinkView]:
    """Her logins, standing and ended, newest first. Raises NotFound for another person."""
    await require_own(person_id, tx, *OFFICES)
    person_id = await current_id(person_id, tx)
    links = await links_of(person_id, tx)
    if links:
        tx.saw(person_id, "login")
    return links


async def links_of(person_id: UUID, tx: Tx) -> Sequence[AccountLinkView]:
    found = await tx.find(
        AccountLink, "SELECT * FROM account_links WHERE person_id = $1 ORDER BY id DESC", person_id
    )
    return [view_of(each, tx) for each in found]


async def whose(login: UUID, tx: Tx) -> UUID | None:
    """Whose records a login opens, wherever in the county she lives; None for nobody's."""
    person_id = await current_subject(login, tx)
    return None if person_id == login else person_id


def view_of(link: AccountLink, tx: Tx) -> AccountLinkView:
    sub = tx.vault.open(link.sub_sealed, f"account_links.sub:{link.id}")
    return AccountLinkView(
        login=mask(sub, 2, 2),
        this_one=link.login_id == login_id(tx.actor.sub),
        **link.model_dump(include=set(AccountLinkView.model_fields) - {"login", "this_one"}),
    )
