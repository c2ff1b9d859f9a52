"""What can go wrong here, beyond shared/problems.py.

`Refused` and below are what a peer hears: each carries a DCI error code beside its HTTP status.
"""

from typing import ClassVar

from shared.problems import Conflict, NotFound, Problem, Text

# participants


class ParticipantNotFound(NotFound):
    title = Text("没有这个协作方", "No such participant")


class RecordNotTrusted(Problem):
    status = 403
    type = "record-not-trusted"
    title = Text("登记书没有可信的市级签名", "No trusted city node signed this record")


class StaleRecord(Conflict):
    type = "stale-record"
    title = Text("已有同版或更新的登记书", "A record of this or a later version is known")


class NotACity(Problem):
    status = 403
    type = "not-a-city"
    title = Text("只有市级节点可以办理", "Only a city node may do this")


class AdmissionNeeded(Problem):
    status = 403
    type = "admission-needed"
    title = Text(
        "这些变更须由市级节点人工审核", "A person at the city's node has to admit these changes"
    )


class KeyPending(Conflict):
    type = "key-pending"
    title = Text("已有尚未启用的新密钥", "A new key is waiting to begin already")


class KeyInUse(Conflict):
    type = "key-in-use"
    title = Text("密钥正在使用,请先启用新密钥", "The key is in use; let the next one begin first")


class KeyEnded(Conflict):
    type = "key-ended"
    title = Text("密钥已停用或吊销", "The key is retired or revoked already")


# the queue


class MessageNotFound(NotFound):
    title = Text("没有这条消息", "No such message")


class AlreadyPaused(Conflict):
    type = "already-paused"
    title = Text("已暂停向该方发送", "Sending to this peer is paused already")


class NotPaused(Conflict):
    type = "not-paused"
    title = Text("并未暂停向该方发送", "Sending to this peer is not paused")


class NotDivertible(Conflict):
    type = "not-divertible"
    title = Text(
        "只有通报可以改送其他参与方;协查请用转办",
        "Only a notice can go to another participant; forward an inquiry instead",
    )


# what is hers


class NothingHeld(NotFound):
    title = Text("这里没有此人的资料", "Nothing is held about this person here")


# notices and inquiries


class NoParticipant(Conflict):
    type = "no-participant"
    title = Text("对方地区尚未接入协作", "No participant covers that region")


class OwnRegion(Conflict):
    type = "own-region"
    title = Text("对方地区就是本地", "That region is our own")


class NotPermitted(Problem):
    """Our own level and roles, or the other participant's, do not allow it."""

    status = 403
    type = "not-permitted"
    title = Text(
        "按节点级别和角色,不能这样发送",
        "The nodes' levels and roles do not allow sending this",
    )


class NoFeedbackAsked(Conflict):
    type = "no-feedback-asked"
    title = Text("此通报无需反馈或已经反馈", "This notice asks for no feedback, or has it already")


class FieldsRefused(Problem):
    """Fields the catalogue does not allow for this kind, or required ones that are missing."""

    status = 422
    type = "fields-refused"
    title = Text("内容超出或不足此类事项的目录", "The catalogue does not fit these fields")


class NotInThisState(Conflict):
    type = "not-in-this-state"
    title = Text("当前状态下不能这样办理", "That cannot be done in the present state")


class NotYetOverdue(Conflict):
    type = "not-yet-overdue"
    title = Text("尚未超期,不能上报", "Only an overdue inquiry can be escalated")


# the peer door


class Refused(Problem):
    """A message of a peer that is not accepted; `code` is the DCI error code."""

    code: ClassVar[str] = "err.request.bad"
    type = "message-refused"
    title = Text("报文被拒收", "The message is refused")
    sender: str | None = None
    message_id: str | None = None


class BadMessage(Refused):
    status = 400
    code = "err.request.bad"
    title = Text("报文格式或内容不符合约定", "The message does not have the agreed form")


class AlteredMessage(Refused):
    status = 409
    code = "err.request.bad"
    title = Text("同一报文编号的内容不同", "This message id was used for another content")


class StaleMessage(Refused):
    status = 408
    code = "err.request.timeout"
    title = Text("报文时间与当前时间相差过大", "The message's time is too far from now")


class UnsupportedVersion(Refused):
    status = 400
    code = "err.version.not_supported"
    title = Text("不支持此协议版本", "This protocol version is not supported")


class UnknownSender(Refused):
    status = 403
    code = "err.sender_id.invalid"
    title = Text("发送方未接入或已停用", "The sender is unknown or revoked")


class WrongReceiver(Refused):
    status = 400
    code = "err.receiver_id.invalid"
    title = Text("报文不是发给本节点的", "The message is meant for another node")


class SignatureMissing(Refused):
    status = 401
    code = "err.signature.missing"
    title = Text("报文没有签名", "The message is not signed")


class SignatureRefused(Refused):
    status = 401
    code = "err.signature.invalid"
    title = Text("报文签名无效", "The message's signature is not valid")


class KeyUnknown(SignatureRefused):
    title = Text("签名密钥未登记", "The signing key is not in the sender's record")


class KeyRevoked(SignatureRefused):
    title = Text("签名密钥已吊销", "The signing key is revoked")


class KeyNotInForce(SignatureRefused):
    title = Text("签名密钥不在有效期内", "The signing key did not count at that time")


class CertificateMissing(Refused):
    status = 401
    code = "err.request.unauthorized"
    title = Text("没有出示证书", "No client certificate was shown")


class CertificateRefused(Refused):
    status = 403
    code = "err.sender_id.invalid"
    title = Text("所出示的证书不是发送方的", "The certificate shown is not the sender's")


class EncryptionRefused(Refused):
    status = 400
    code = "err.encryption.invalid"
    title = Text("不支持加密报文", "Encrypted messages are not supported")


class NotAllowedToPeer(Refused):
    status = 403
    code = "err.request.forbidden"
    title = Text("发送方无权这样办理", "The sender may not do this")


class UnknownSubject(Refused):
    status = 404
    code = "err.request.not_found"
    title = Text("没有报文所指的事项", "What the message is about is not known here")
