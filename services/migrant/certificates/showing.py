"""Showing a certificate claim by claim (选择性出示), and putting it on paper, for a holder without
an app of her own. Pure: the text is hers, it is read, answered and forgotten.

A certificate that is bound to a phone's key is shown by that phone alone: only it can sign.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

import segno

from services.migrant.certificates import sdjwt
from services.migrant.certificates.faults import WORDS, Fault
from services.migrant.certificates.issuing import qr_of
from services.migrant.certificates.rules import Claim
from services.migrant.errors import FactsDoNotFit, NotACertificate, TooMuchForACode
from shared.clock import CHINA
from shared.codes import MARITAL_STATUS_TEXT, MaritalStatus
from shared.problems import Text

_CLAIMS: Final[dict[Claim, Text]] = {
    Claim.NAME: Text("姓名", "Name"),
    Claim.SEX: Text("性别", "Sex"),
    Claim.BIRTH_DATE: Text("出生日期", "Date of birth"),
    Claim.OVER_18: Text("已满十八周岁", "Aged 18 or over"),
    Claim.ID_NUMBER: Text("公民身份号码", "Id number"),
    Claim.HOME_REGION: Text("户籍地代码", "Home region (code)"),
    Claim.MARITAL_STATUS: Text("婚姻状况", "Marital status"),
    Claim.CHILDREN: Text("子女数(本人要求载明)", "Children (at her wish)"),
}
_YES_NO: Final = {True: Text("是", "yes"), False: Text("否", "no")}
_SEXES: Final = {"1": Text("男", "male"), "2": Text("女", "female")}


def present(credential: str, claims: Sequence[Claim]) -> str:
    """The text to show: the disclosures of the chosen claims and no others. Raises
    NotACertificate; FactsDoNotFit for a claim that is not in it."""
    shown = _read(credential)
    found = {sdjwt.claim_in(each): each for each in shown.disclosures}
    if absent := [each for each in claims if each not in found]:
        listed = ", ".join(sorted(absent))
        raise FactsDoNotFit(Text(f"证明中没有: {listed}", f"Not in the certificate: {listed}"))
    return "~".join([shown.jwt, *(found[each] for each in claims), ""])


def claims_in(credential: str) -> list[str]:
    """The names of the claims that can be shown. Raises NotACertificate."""
    return [sdjwt.claim_in(each) for each in _read(credential).disclosures]


def key_bound(credential: str) -> bool:
    """Whether only the holder's phone can prove whose it is. Raises NotACertificate."""
    return "cnf" in _read(credential).payload


def code_of(text: str) -> str:
    """A QR code (SVG). Raises TooMuchForACode."""
    try:
        return qr_of(text)
    except segno.DataOverflowError as error:
        raise TooMuchForACode() from error


def paper_of(credential: str) -> dict[str, object]:
    """What the sheet says. It proves nothing by itself: the code on it does. Raises
    NotACertificate, TooMuchForACode."""
    shown = _read(credential)
    try:
        claims = sdjwt.disclosed(shown)
        until = datetime.fromtimestamp(int(str(shown.payload["exp"])), UTC).astimezone(CHINA)
        lines = [_line(Claim(name), value) for name, value in claims.items()]
    except (Fault, KeyError, ValueError, OverflowError, OSError) as error:
        raise NotACertificate() from error
    return {
        "number": str(shown.payload.get("jti", "")),
        "issuer": str(shown.payload.get("iss", "")),
        "until": str(until.date()),
        "lines": lines,
        "code": code_of(credential.strip()),
    }


def _line(claim: Claim, value: sdjwt.Json) -> tuple[str, str, str]:
    """Chinese name, English name, the value in words."""
    words = _CLAIMS[claim]
    text = Text(str(value), str(value))
    if claim is Claim.OVER_18:
        text = _YES_NO[bool(value)]
    elif claim is Claim.SEX:
        text = _SEXES.get(str(value), text)
    elif claim is Claim.MARITAL_STATUS:
        text = MARITAL_STATUS_TEXT[MaritalStatus(str(value))]
    said = text.zh if text.zh == text.en else f"{text.zh} {text.en}"
    return words.zh, words.en, said


def _read(credential: str) -> sdjwt.Presentation:
    """Raises NotACertificate, with what exactly is wrong."""
    try:
        shown = sdjwt.parse(credential)
        for each in shown.disclosures:
            sdjwt.claim_in(each)
    except Fault as fault:
        raise NotACertificate(WORDS[fault.reason], reason=fault.reason) from fault
    if shown.header.get("typ") not in sdjwt.ACCEPTED_TYPES:
        raise NotACertificate()
    return shown
