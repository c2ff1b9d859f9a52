"""Any-place cards (通用领取卡) on paper: a sheet of codes to be cut apart and handed out.

The sheet is the only place where the codes stand; it is not kept.
"""

import io
from pathlib import Path

import segno

from services.migrant.supplies.schemas import CodesView
from shared.printing import pdf_of

_TEMPLATE = Path(__file__).with_name("cards.typ")
_NOTES = (
    (
        "任何发放点均可使用一次,不登记姓名。",
        "Good once at any place that has them; no name is asked.",
    ),
    ("免费。可以送给别人。", "Free. You may give it away."),
)


async def sheet_of(codes: CodesView) -> bytes:
    """The PDF of a batch, ten cards a page."""
    until = (f"有效期至 {codes.expires_on}", f"Good until {codes.expires_on}")
    return await pdf_of(
        _TEMPLATE,
        {
            "title_zh": "免费用品领取卡",
            "title_en": "Free supplies",
            "cards": [{"code": each, "qr": _qr(each)} for each in codes.codes],
            "notes": [*_NOTES, until],
        },
    )


def _qr(code: str) -> str:
    drawn = io.BytesIO()
    segno.make_qr(code.replace("-", ""), error="M").save(drawn, kind="svg", border=2)
    return drawn.getvalue().decode()
