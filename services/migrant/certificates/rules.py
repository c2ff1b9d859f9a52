"""Decisions about certificates, without any I/O."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from services.migrant.certificates.sdjwt import Json
from services.migrant.errors import FactsDoNotFit
from shared.codes import parse_resident_id
from shared.problems import Text

ISSUER: Final = re.compile(r"[a-z0-9][a-z0-9.-]{1,99}")  # a county's node id
VCT: Final = "https://yipan.dev/credentials/migrant-certificate/v1"


@dataclass(frozen=True, slots=True)
class IssuerHere:
    """This county as an issuer: its name among the others, the region it answers for, where its
    lists are published, and for how many seconds they hold."""

    name: str
    region: str
    status_base: str
    status_ttl: int
    status_lifetime: int


class Claim(StrEnum):
    """Everything a certificate can say. There is no other claim, and none may be added: this is
    a line of the product (design, rights)."""

    NAME = "name"
    SEX = "sex"
    BIRTH_DATE = "birth_date"
    OVER_18 = "over_18"
    ID_NUMBER = "id_number"
    HOME_REGION = "home_region"
    MARITAL_STATUS = "marital_status"
    CHILDREN = "children"


class RevocationReason(StrEnum):
    """Why a certificate is revoked."""

    HOLDER_REQUEST = "holder-request"
    LOST = "lost"
    FACTS_CHANGED = "facts-changed"
    ISSUED_IN_ERROR = "issued-in-error"
    REPLACED = "replaced"  # 已换发: a newer one was collected


class Outcome(StrEnum):
    """What a check found. None of them refuses anybody anything."""

    GENUINE = "genuine"
    EXPIRED = "expired"
    REVOKED = "revoked"
    FORGED = "forged"
    UNKNOWN_ISSUER = "unknown-issuer"
    WRONGLY_BOUND = "wrongly-bound"
    MALFORMED = "malformed"
    STALE_STATUS = "stale-status"
    NOT_YET_VALID = "not-yet-valid"
    NOTHING_SHOWN = "nothing-shown"


HELP: Final[dict[Outcome, Text]] = {
    Outcome.GENUINE: Text(
        "证明真实有效。请照常办理。", "Genuine and current. Go on with what she came for."
    ),
    Outcome.EXPIRED: Text(
        "证明真实,但已过有效期。事项照常办理;本人愿意时可向户籍地重新申领。",
        "Genuine but out of date. Go on all the same; she can ask her home county for a new one"
        " if she wants it.",
    ),
    Outcome.REVOKED: Text(
        "证明已被签发地撤销。事项照常办理,需要核实的内容请用其他材料。",
        "Revoked by its issuer. Go on all the same; use other papers for what must be known.",
    ),
    Outcome.FORGED: Text(
        "签名不符,所示内容不可采信。请用身份证等其他材料核实,事项照常办理。",
        "The signature does not fit: do not rely on what is shown. Use other papers and go on.",
    ),
    Outcome.UNKNOWN_ISSUER: Text(
        "本地没有该签发地的公钥,无法核验,不表示证明有问题。请用其他材料核实,"
        "并请系统管理员添加签发地。",
        "We have no key of this issuer, which says nothing against it. Use other papers, and ask"
        " the administrator to add the issuer.",
    ),
    Outcome.WRONGLY_BOUND: Text(
        "未能证明出示人即持有人。请让本人重新出示,或用其他材料核实。",
        "Not shown to be the holder's own. Let her show it again, or use other papers.",
    ),
    Outcome.MALFORMED: Text(
        "内容不完整或不是本类证明。请让本人重新出示,或用其他材料核实。",
        "Incomplete, or not a certificate of this kind. Let her show it again, or use other"
        " papers.",
    ),
    Outcome.STALE_STATUS: Text(
        "签名真实,但目前无法得知是否已撤销。事项照常办理,联网后可再核验。",
        "The signature is genuine, but whether it was revoked cannot be known just now. Go on, and"
        " check again when the network is back.",
    ),
    Outcome.NOT_YET_VALID: Text(
        "证明的签发时间在未来,可能是某一方的时钟不准。事项照常办理,请核对本机时间。",
        "It says it was issued in the future: somebody's clock is wrong. Go on all the same, and"
        " look at the time of this machine.",
    ),
    Outcome.NOTHING_SHOWN: Text(
        "不必出示证明。请照常办理登记和所需服务;本人愿意时,可帮她在手机或窗口向户籍地免费申领。",
        "She need not show any. Go on with the registration or service she came for; if she"
        " wants a certificate, help her ask her home county for it, by phone or at its desk, free.",
    ),
}


def claims_of(chosen: list[Claim], facts: Mapping[str, Json], today: date) -> dict[str, Json]:
    """The chosen claims with their values, from the facts of the home county's register.

    `facts` hold only what is given. Raises FactsDoNotFit when a chosen claim has no fact, or a
    fact is given that no chosen claim needs: what is not to be said is not to be handed over."""
    needed = {fact_of(each) for each in chosen}
    given = set(facts) - {Claim.HOME_REGION}  # always given: it tells whose register this is
    if missing := needed - set(facts):
        raise FactsDoNotFit(_listed("缺少", "missing", missing))
    if unneeded := given - needed:
        raise FactsDoNotFit(_listed("未被选择", "not chosen", unneeded))
    return {
        each: _is_over_18(str(facts["birth_date"]), today) if each is Claim.OVER_18 else facts[each]
        for each in chosen
    }


def contradicts(id_number: str | None, sex: str | None, birth_date: date | None) -> bool:
    """Whether facts written beside an id number are not what the number says (GB 11643)."""
    if id_number is None:
        return False
    parsed = parse_resident_id(id_number)
    return (sex is not None and sex != parsed.sex) or (
        birth_date is not None and birth_date != parsed.birth_date
    )


def fact_of(claim: Claim) -> str:
    """The fact of the register that a claim is made from."""
    return Claim.BIRTH_DATE if claim is Claim.OVER_18 else claim


def _is_over_18(birth_date: str, today: date) -> bool:
    born = date.fromisoformat(birth_date)
    return (today.year - 18, today.month, today.day) >= (born.year, born.month, born.day)


def _listed(zh: str, en: str, names: set[str]) -> Text:
    listed = ", ".join(sorted(names))
    return Text(f"{zh}: {listed}", f"{en}: {listed}")
