"""Why a text that was shown cannot be relied on (核验不通过的原因). Pure.

A reason is more exact than an outcome: a clerk who knows that the QR code was read in part asks
her to hold the paper flat, and does not think of forgery.
"""

from enum import StrEnum
from typing import Final

from shared.problems import Text


class Reason(StrEnum):
    """What exactly is wrong with what was shown."""

    TRUNCATED = "truncated"  # 内容被截断
    UNREADABLE = "unreadable"  # 无法读取
    OTHER_KIND = "other-kind"  # 不是本类证明
    UNKNOWN_ISSUER = "unknown-issuer"  # 签发地未知
    UNKNOWN_KEY = "unknown-key"  # 签发地的公钥未知
    SIGNATURE = "signature-does-not-fit"  # 签名不符
    DISCLOSURE = "disclosure-altered"  # 披露项被改动
    REPEATED_CLAIM = "claim-repeated"  # 披露项重复
    NO_PROOF = "proof-missing"  # 未作持有人证明
    NO_HOLDER_KEY = "bound-to-no-key"  # 证明未绑定密钥
    PROOF_SIGNATURE = "proof-not-by-holder"  # 持有人签名不符
    PROOF_UNREADABLE = "proof-unreadable"  # 持有人证明无法读取
    PROOF_OF_OTHER = "proof-of-another-presentation"  # 为另一次出示所作
    PROOF_NOT_NOW = "proof-not-of-now"  # 时间相差过大
    PROOF_FOR_OTHERS = "proof-for-another-checker"  # 为另一核验方所作
    REPLAYED = "replayed"  # 重放
    NOT_YET = "issued-in-the-future"  # 签发时间在未来
    EXPIRED = "expired"  # 已过期
    REVOKED = "revoked"  # 已撤销
    NO_STATUS = "no-status-list"  # 没有状态列表
    OLD_STATUS = "status-list-too-old"  # 状态列表过旧
    BAD_STATUS = "status-list-unreadable"  # 状态列表无法读取


WORDS: Final[dict[Reason, Text]] = {
    Reason.TRUNCATED: Text(
        "内容不完整:二维码或文件只读到一部分,请重新扫描",
        "Only a part was read of the QR code or file: scan it again",
    ),
    Reason.UNREADABLE: Text("内容无法读取", "It cannot be read"),
    Reason.OTHER_KIND: Text("不是本类证明", "It is not a certificate of this kind"),
    Reason.UNKNOWN_ISSUER: Text("本地不认识该签发地", "This issuer is not known here"),
    Reason.UNKNOWN_KEY: Text(
        "本地没有该签发地的这把公钥,可能已轮换", "The issuer's key is not known here: a new one?"
    ),
    Reason.SIGNATURE: Text("签发地签名不符", "The issuer's signature does not fit"),
    Reason.DISCLOSURE: Text(
        "有的内容不是签发地签署的", "Something shown was not signed by the issuer"
    ),
    Reason.REPEATED_CLAIM: Text("同一内容出现两次", "A claim comes twice"),
    Reason.NO_PROOF: Text("要求持有人证明而未提供", "A proof by the holder was asked for"),
    Reason.NO_HOLDER_KEY: Text("证明未绑定持有人密钥", "The certificate is bound to no key"),
    Reason.PROOF_SIGNATURE: Text("不是持有人的密钥所签", "Not signed by the holder's key"),
    Reason.PROOF_UNREADABLE: Text("持有人证明无法读取", "The holder's proof cannot be read"),
    Reason.PROOF_OF_OTHER: Text(
        "持有人证明属于另一次出示", "The proof is for another presentation"
    ),
    Reason.PROOF_NOT_NOW: Text(
        "持有人证明的时间与现在相差过大", "The proof's time is too far from now"
    ),
    Reason.PROOF_FOR_OTHERS: Text("持有人证明是给别处的", "The proof was made for somebody else"),
    Reason.REPLAYED: Text(
        "此次出示曾用过或答的是另一个随机数", "Shown before, or answers another question"
    ),
    Reason.NOT_YET: Text("签发时间在未来", "It was issued in the future"),
    Reason.EXPIRED: Text("已过有效期", "It is out of date"),
    Reason.REVOKED: Text("签发地已撤销", "Its issuer revoked it"),
    Reason.NO_STATUS: Text("没有签发地的状态列表", "There is no status list of its issuer"),
    Reason.OLD_STATUS: Text("状态列表过旧", "The status list is too old to rely on"),
    Reason.BAD_STATUS: Text("状态列表无法读取", "The status list cannot be read"),
}


class Fault(ValueError):
    """Base of what is wrong with a text that was shown."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason


class Malformed(Fault):
    """Not an SD-JWT that we can read."""


class Forged(Fault):
    """The signature does not fit, or a disclosure is not one that the issuer signed."""


class UnknownKey(Fault):
    """The issuer is known, and the key that signed is not among its keys."""


class WronglyBound(Fault):
    """Whoever shows it has not proven to be its holder, for this checker, now."""
