"""The open page of registration by phone (自助登记页): a form, and the receipt with its code.

HTML without scripts, pictures or anything from elsewhere; what somebody typed is only ever text.
"""

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from html import escape
from io import BytesIO
from typing import Final

import segno

from services.migrant.arrivals.models import StayPurpose
from services.migrant.self_registrations.models import SelfRegistration
from services.migrant.self_registrations.poster import PAGE, STEPS
from services.migrant.self_registrations.rules import KEPT_FOR, MOST_COMPANIONS, shown_code
from shared.clock import CHINA, today
from shared.problems import Text

_STYLE: Final = (
    "body{font:18px/1.5 sans-serif;margin:0 auto;max-width:34rem;padding:1rem;color:#1f2933;"
    "background:#f5f7fa}header{display:flex;justify-content:space-between;align-items:center;"
    "gap:1rem;margin-bottom:.75rem}h1{font-size:1.4rem;line-height:1.25;margin:.5rem 0;"
    "color:#0b4f9e}h2,legend{font-size:1.15rem;font-weight:bold;margin:0}ol{margin:.5rem 0 1rem;"
    "padding-left:1.5rem}li{margin:.25rem 0}main,fieldset{background:#fff;border:1px solid #cbd2d9;"
    "border-radius:.6rem;padding:1rem}fieldset{margin:1.5rem 0 0}label{display:block;"
    "margin:1rem 0 .25rem}small{display:block;color:#52606d}small b{color:#1f2933}"
    "input,select,button{font:inherit;color:inherit;box-sizing:border-box;min-height:3rem;"
    "width:100%;padding:.5rem;border:1px solid #7b8794;border-radius:.4rem;background:#fff}"
    "button{margin-top:1rem;border-color:#0b4f9e;color:#0b4f9e}"
    "button.main{background:#0b4f9e;color:#fff}.switch{flex:none;padding:.6rem .9rem;"
    "border:1px solid #0b4f9e;border-radius:.4rem;color:#0b4f9e;text-decoration:none}"
    ":focus-visible{outline:3px solid #c25700;outline-offset:1px}"
    ".wrong{display:block;margin-top:.4rem;color:#a61b1b;font-weight:bold}"
    "[aria-invalid]{border:2px solid #a61b1b}"
    ".alert{border-left:.4rem solid #a61b1b;margin-top:0;padding-left:.8rem}.use{font-size:1rem}"
    ".code{font-size:2.2rem;letter-spacing:.08em;text-align:center;margin:1rem 0 0}"
    "svg{display:block;margin:.5rem auto}"
)
_STYLE_HASH: Final = b64encode(sha256(_STYLE.encode()).digest()).decode()
PAGE_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; form-action 'self';"
    f" frame-ancestors 'none'; style-src 'sha256-{_STYLE_HASH}'",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "Vary": "Accept-Language",
}

_TITLE: Final = Text("流动人口自助登记", "Register your arrival")
_WORDS: Final = {
    "consent": Text(
        "您填写的内容只用于在窗口办理流入登记,加密保存;窗口确认前不登记任何人,未确认的"
        f"{KEPT_FOR.days}天后自动删除,也可随时撤回。手机号可以不填。填写同行人前请先征得其同意。"
        "提交即表示同意以上使用方式;不愿在网上填写的,可直接到窗口办理,结果一样。",
        "What you fill in is used to register your arrival at the desk and for nothing else; it is"
        " kept encrypted. Nobody is registered before the desk has confirmed; what is not confirmed"
        f" is erased after {KEPT_FOR.days} days, and you can take it back at any time. A phone"
        " number is up to you. Ask those who came with you before you write them down. By sending"
        " you agree to this; at the desk you get the same without this page.",
    ),
    "herself": Text("本人", "Yourself"),
    "companion": Text("同行人", "Somebody with you"),
    "add": Text("再加一位同行人", "Add somebody who came with you"),
    "send": Text("提交", "Send"),
    "wrong": Text("有几处需要改正,见下文红字", "Please correct what is marked in red"),
    "done": Text("已收到,请到窗口确认", "Received: now to the desk"),
    "show": Text(
        "到窗口出示身份证和下面的确认码。", "Show your id card and this code at the desk."
    ),
    "until": Text("请在此日期前到窗口:", "Come by"),
    "edit": Text("改正", "Correct it"),
    "withdraw": Text("撤回并删除", "Take it back and erase it"),
    "erased": Text("已撤回,所填内容已删除", "Taken back: what you filled in is erased"),
    "again": Text("重新填写", "Fill in anew"),
    "other": Text("English", "中文"),
}
_PURPOSES: Final = {
    StayPurpose.WORK: Text("务工", "Work"),
    StayPurpose.BUSINESS: Text("经商", "Business"),
    StayPurpose.STUDY: Text("学习", "Study"),
    StayPurpose.FAMILY: Text("随迁、投靠", "With family"),
    StayPurpose.OTHER: Text("其他", "Other"),
}


@dataclass(frozen=True, slots=True)
class Field:
    """One field of the form, with how a phone shows it."""

    name: str
    label: Text
    hint: Text | None = None
    required: bool = True
    attributes: str = ""


_NAME: Final = Field("name", Text("姓名", "Name"), attributes='autocomplete="name"')
_NUMBER: Final = Field(
    "id_number",
    Text("身份证号", "Id number"),
    Text(
        "港澳台居民填居住证上的18位号码",
        "From Hong Kong, Macao or Taiwan: the 18 digits of your residence permit",
    ),
    attributes='autocapitalize="characters" autocomplete="off"',
)
_PURPOSE: Final = Field("stay_purpose", Text("来这里做什么", "Why you came"))
HERSELF: Final = (
    _NAME,
    _NUMBER,
    Field(
        "region",
        Text("现住地地区代码", "Area code of where you live now"),
        Text("扫码时已填好;也写在告示上", "Filled in by the code on the wall, and printed there"),
        attributes='inputmode="numeric"',
    ),
    Field("arrived_on", Text("到达日期", "Day of arrival"), attributes='type="date"'),
    _PURPOSE,
    Field(
        "origin_region",
        Text("户籍地地区代码", "Area code of your home"),
        Text(
            "不知道可不填:按身份证前六位,窗口会核对",
            "If you do not know it: taken from the id number, the desk checks it",
        ),
        required=False,
        attributes='inputmode="numeric"',
    ),
    Field(
        "employer",
        Text("工作单位", "Employer"),
        Text("可不填", "If you like"),
        required=False,
        attributes='autocomplete="organization"',
    ),
    Field(
        "phone",
        Text("手机号", "Mobile number"),
        Text("可不填", "If you like"),
        required=False,
        attributes='type="tel" autocomplete="tel"',
    ),
)
COMPANION: Final = (_NAME, _NUMBER, _PURPOSE)


@dataclass(frozen=True, slots=True)
class Filled:
    """A form as it stands: the phone's key, what was typed by field, what is wrong with it by
    field (by "" what is wrong with the whole), how many companions it has room for, and what the
    place is called whose code it says, where that is known."""

    key: str
    values: Mapping[str, str]
    wrong: Mapping[str, str] = field(default_factory=dict)
    companions: int = 0
    place: str = ""

    @property
    def first_wrong(self) -> str:
        """The field that the phone goes to at once."""
        asked = [each.name for each in HERSELF]
        for number in range(self.companions):
            asked += [f"companions.{number}.{each.name}" for each in COMPANION]
        return next((name for name in asked if name in self.wrong), "")


def form_page(filled: Filled, language: str) -> str:
    """The form, each error beside its field."""
    steps = "".join(f"<li>{escape(each.say(language))}</li>" for each in STEPS)
    parts = [f"<ol>{steps}</ol><main>"]
    if filled.wrong:
        whole = filled.wrong.get("", _WORDS["wrong"].say(language))
        parts.append(f'<p class="wrong alert" role="alert">{escape(whole)}</p>')
    parts.append(_form_opens(filled.key, language))
    parts.append(f'<input type="hidden" name="room_id" value="{_typed(filled, "room_id")}">')
    parts.append(f"<h2>{_say('herself', language)}</h2>")
    parts += [_field(each, each.name, filled, language) for each in HERSELF]
    for number in range(min(filled.companions, MOST_COMPANIONS)):
        inside = "".join(
            _field(each, f"companions.{number}.{each.name}", filled, language, only=True)
            for each in COMPANION
        )
        legend = f"{_say('companion', language)} {number + 1}"
        parts.append(f"<fieldset><legend>{legend}</legend>{inside}</fieldset>")
    # The first button is the one that the return key presses.
    send = _button("send", language, main=True)
    add = _button("add", language) if filled.companions < MOST_COMPANIONS else ""
    consent = f'<p class="use">{_say("consent", language)}</p>'
    parts.append(f"{consent}{send}{add}</form></main>")
    return _page("".join(parts), language, filled.values.get("region", ""))


def receipt_page(row: SelfRegistration, key: str, language: str) -> str:
    """What the desk needs: the code, to be read or scanned."""
    drawn = BytesIO()
    segno.make_qr(row.code, error="m").save(
        drawn, kind="svg", border=4, scale=8, light="white", xmldecl=False, svgns=True
    )
    day = row.expires_at.astimezone(CHINA).date()
    parts = (
        f"<main><h2>{_say('done', language)}</h2><p>{_say('show', language)}</p>",
        f'<p class="code">{shown_code(row.code)}</p>{drawn.getvalue().decode()}',
        f"<p>{_say('until', language)} {day}</p>",
        _form_opens(key, language),
        _button("edit", language) + _button("withdraw", language) + "</form></main>",
    )
    return _page("".join(parts), language)


def erased_page(language: str) -> str:
    again = f'<p><a class="switch" href="{PAGE}?lang={language}">{_say("again", language)}</a></p>'
    return _page(f"<main><h2>{_say('erased', language)}</h2>{again}</main>", language)


def _page(body: str, language: str, region: str = "") -> str:
    other = "en" if language == "zh" else "zh"
    here = f"&amp;region={region}" if region.isdecimal() else ""
    switch = (
        f'<a class="switch" lang="{other}" href="{PAGE}?lang={other}{here}">'
        f"{_say('other', language)}</a>"
    )
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{_say_title(language)}</title><style>{_STYLE}</style></head>"
        f"<body><header><h1>{_say_title(language)}</h1>{switch}</header>{body}</body></html>"
    )


def _form_opens(key: str, language: str) -> str:
    return (
        f'<form method="post" action="{PAGE}" accept-charset="utf-8">'
        f'<input type="hidden" name="key" value="{escape(key)}">'
        f'<input type="hidden" name="lang" value="{language}">'
    )


def _field(asked: Field, name: str, filled: Filled, language: str, *, only: bool = False) -> str:
    """A label, its control and what is wrong with it. `only`: of a companion, whose own purpose
    need not be said."""
    wrong = filled.wrong.get(name)
    needed = " required" if asked.required and not (only and asked is _PURPOSE) else ""
    marked = f' aria-invalid="true" aria-describedby="{name}-wrong"' if wrong else ""
    marked += " autofocus" if name == filled.first_wrong else ""
    told = f'<span class="wrong" id="{name}-wrong">{escape(wrong)}</span>' if wrong else ""
    hint = f"<small>{escape(asked.hint.say(language))}</small>" if asked.hint else ""
    if name == "region" and filled.place:
        hint = f"<small><b>{escape(filled.place)}</b></small>"
    common = f'id="{name}" name="{name}"{needed}{marked}'
    if asked is _PURPOSE:
        control = f"<select {common}>{_choices(filled.values.get(name, ''), language)}</select>"
    else:
        latest = f' max="{today()}"' if asked.name == "arrived_on" else ""
        value = _typed(filled, name)
        control = f'<input {common} {asked.attributes}{latest} maxlength="200" value="{value}">'
    label = escape(asked.label.say(language))
    return f'<label for="{name}">{label}{hint}</label>{control}{told}'


def _choices(chosen: str, language: str) -> str:
    options = "".join(
        f'<option value="{each}"{" selected" if each == chosen else ""}>'
        f"{escape(words.say(language))}</option>"
        for each, words in _PURPOSES.items()
    )
    return f'<option value=""></option>{options}'


def _typed(filled: Filled, name: str) -> str:
    return escape(filled.values.get(name, ""))


def _button(action: str, language: str, *, main: bool = False) -> str:
    style = ' class="main"' if main else ""
    extra = "" if action == "send" else " formnovalidate"
    return f'<button name="action" value="{action}"{style}{extra}>{_say(action, language)}</button>'


def _say(name: str, language: str) -> str:
    return escape(_WORDS[name].say(language))


def _say_title(language: str) -> str:
    return escape(_TITLE.say(language))
