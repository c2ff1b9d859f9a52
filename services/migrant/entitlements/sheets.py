"""What she was answered as something to carry: a link, a page for her phone, a printed sheet."""

import io
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Final
from urllib.parse import quote

import segno

from services.migrant.entitlements.answering import PHASES
from services.migrant.entitlements.rules import Phase
from services.migrant.entitlements.schemas import MOST_IDS, EntitlementView, LinkView
from shared.printing import pdf_of
from shared.problems import Text

ON_PAPER: Final = 14  # entries that one sheet has room for, and half-width letters of them
LETTERS_ON_PAPER: Final = 4500
_TEMPLATE: Final = Path(__file__).with_name("sheet.typ")
_TITLE: Final = Text("您在这里可以得到的服务", "What you can get here")
_PROMISE: Final = Text(
    "不需要任何婚育证明。您说的情况没有保存,本页只列出事项。",
    "No marriage-and-birth certificate is needed. Nothing you told was kept; this lists services"
    " and nobody.",
)
_LABELS: Final = {
    "who": Text("谁可以办", "Who"),
    "papers": Text("带什么", "Bring"),
    "steps": Text("怎么办", "Steps"),
    "time_limit": Text("多久办好", "How long"),
    "cost": Text("费用", "Cost"),
    "where": Text("去哪里", "Where"),
    "source": Text("依据", "Rule"),
    "more": Text("项可在窗口或网上查看", "more at the desk or online"),
}
_STYLE: Final = (
    "body{font:17px/1.6 sans-serif;margin:0 auto;max-width:40rem;padding:1rem;color:#1f2933}"
    "h1{font-size:1.4rem}h2{font-size:1.1rem;margin:1.6rem 0 .2rem;color:#0b4f9e}"
    "h3{margin:1.2rem 0 .2rem}p,dl{margin:.3rem 0}dt{color:#6b7785;font-size:.85rem}"
    "dd{margin:0 0 .4rem}.soon{color:#8a4b00}"
)


def link_of(views: Sequence[EntitlementView], base: str) -> LinkView:
    """An address with the ids of the answers alone, of the MOST_IDS that fit her best."""
    ids = [each.id for each in fitting_first(views)[:MOST_IDS]]
    address = f"{base}/migrant/v1/entitlements?ids={quote(','.join(ids), safe=',-')}"
    drawn = io.BytesIO()
    segno.make_qr(address, error="L").save(drawn, kind="svg", border=4)
    return LinkView(address=address, ids=ids, qr=drawn.getvalue().decode())


def fitting_first(views: Sequence[EntitlementView]) -> list[EntitlementView]:
    """What is open to her now before what comes later, what she spoke of before the rest."""
    return sorted(views, key=lambda each: (each.missing is not None, not each.fits))


def on_paper(views: Sequence[EntitlementView]) -> list[EntitlementView]:
    """The first of them that fit on one sheet; the first one always."""
    shown: list[EntitlementView] = []
    room = LETTERS_ON_PAPER
    for each in views[:ON_PAPER]:
        room -= _letters(each)
        if room < 0 and shown:
            break
        shown.append(each)
    return shown


def page_of(views: Sequence[EntitlementView], language: str) -> str:
    """A small HTML page, grouped by life phase; without scripts, pictures or anything from
    elsewhere."""
    parts = [
        f'<!doctype html><html lang="{language}"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(_TITLE.say(language))}</title><style>{_STYLE}</style>"
        f"<h1>{escape(_TITLE.say(language))}</h1><p>{escape(_PROMISE.say(language))}</p>"
    ]
    for phase in Phase:
        mine = [each for each in views if each.phases[0] is phase]
        if mine:
            parts.append(f"<h2>{escape(PHASES[phase].say(language))}</h2>")
            parts += [_article(each, language) for each in mine]
    return "".join(parts) + "</html>"


async def sheet_of(views: Sequence[EntitlementView], language: str, base: str) -> bytes:
    """One A4 page (PDF) of what fits her best, and the code of the link."""
    shown = on_paper(fitting_first(views))
    data = {
        "title": _TITLE.say(language),
        "promise": _PROMISE.say(language),
        "labels": {name: words.say(language) for name, words in _LABELS.items()},
        "entries": [each.model_dump(mode="json") for each in shown],
        "left": len(views) - len(shown),
        "link": link_of(views, base).model_dump(),
    }
    return await pdf_of(_TEMPLATE, data)


def _article(view: EntitlementView, language: str) -> str:
    told = {
        "who": view.who,
        "papers": view.papers,
        "steps": " → ".join(view.steps),
        "time_limit": view.time_limit,
        "cost": view.cost,
        "where": _where(view),
        "source": view.source,
    }
    rows = "".join(
        f"<dt>{escape(_LABELS[name].say(language))}</dt><dd>{escape(text)}</dd>"
        for name, text in told.items()
    )
    soon = f'<p class="soon">{escape(view.missing)}</p>' if view.missing else ""
    return f"<h3>{escape(view.title)}</h3>{soon}<dl>{rows}</dl>"


def _letters(view: EntitlementView) -> int:
    """How much room it takes: a Chinese character is as wide as two letters."""
    told = (view.title, view.who, view.papers, view.time_limit, view.cost, *view.steps)
    text = "".join((*told, _where(view)))
    return sum(2 if ord(each) > 0x2E7F else 1 for each in text)


def _where(view: EntitlementView) -> str:
    offices = [
        " ".join([each.name, each.address, each.phone or "", *each.hours]).strip()
        for each in view.offices
    ]
    return "; ".join(offices) or view.where
