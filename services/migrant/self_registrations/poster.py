"""The code on the wall (自助登记码): the address of the form with a place in it, and nobody."""

from io import BytesIO
from pathlib import Path
from typing import Final
from urllib.parse import urlencode
from uuid import UUID

import segno

from services.migrant.regions.queries import place_of
from services.migrant.settings import Settings
from shared.db import Tx
from shared.printing import pdf_of
from shared.problems import OutsideJurisdiction, Text

_TEMPLATE: Final = Path(__file__).with_name("poster.typ")

PAGE: Final = "/migrant/v1/self-registration"

STEPS: Final = (
    Text(
        "扫码,填写本人和同行人的基本情况。",
        "Scan, fill in yourself and who came with you.",
    ),
    Text(
        "14 天内带身份证到服务窗口确认;确认之前不登记任何人。",
        "Show your id card at the desk within 14 days. Nobody is registered before that.",
    ),
    Text(
        "免费,不需要任何证明;未确认的内容到期自动删除,也可随时撤回。",
        "Free of charge, no certificate needed. What is not confirmed is erased; you can take it"
        " back at any time.",
    ),
)


async def address_here(settings: Settings, region: str, room_id: UUID | None, tx: Tx) -> str:
    """Where the code of a place in the caller's area leads. Raises UnknownRegion,
    OutsideJurisdiction."""
    region = await place_of(region, tx.today, tx)
    if not tx.actor.covers(region):
        raise OutsideJurisdiction()
    return form_address(settings, region, room_id)


def form_address(settings: Settings, region: str, room_id: UUID | None) -> str:
    """The county's page or mini-program, or this service's own page, for a place."""
    base = settings.self_registration_url or settings.public_url + PAGE
    place = {"region": region} | ({"room_id": str(room_id)} if room_id else {})
    return f"{base}{'&' if '?' in base else '?'}{urlencode(place)}"


def qr_svg(address: str) -> str:
    """A QR code of the address, readable with 15 % of it worn off (level M)."""
    drawn = BytesIO()
    segno.make_qr(address, error="m").save(
        drawn, kind="svg", border=4, scale=8, light="white", xmldecl=False
    )
    return drawn.getvalue().decode()


async def poster_pdf(svg: str, region: str, place: str) -> bytes:
    """One A4 sheet for the wall."""
    steps = [(each.zh, each.en) for each in STEPS]
    return await pdf_of(_TEMPLATE, {"svg": svg, "region": region, "place": place, "steps": steps})
