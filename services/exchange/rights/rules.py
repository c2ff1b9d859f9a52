"""The erasure table: each kind of data about a person, and the duty that holds it or none. Pure."""

from typing import Final

from shared.erasure import Keeping
from shared.problems import Text

_TASK: Final = "个人信息保护法第十三条"
_PROOF: Final = "个人信息保护法第十四条、第十五条"
_ACCOUNTS: Final = "会计法第二十三条"
_LOGS: Final = "网络数据安全管理条例"

# 删除规则表. What is over goes with everything said in it; that it was, and its hash, stay.
KEEPING: Final = (
    Keeping(
        "evidence",
        _LOGS,
        Text(
            "存证日志只有报文的哈希值,不含内容,也无法从中还原;用于证明往来未被篡改。",
            "The log holds hashes of messages, from which nothing can be read; they prove that"
            " nothing was changed.",
        ),
    ),
    Keeping(
        "matters-under-way",
        _TASK,
        Text(
            "协查、通报或对其提出的异议尚未办结,承办机关仍须据以办理;办结后即可删除。",
            "An office still works on it, or on an objection to it, and needs what was said; once"
            " that is over, it can be erased.",
        ),
    ),
    Keeping(
        "facts",
        _TASK,
        Text(
            "只保留两地之间曾有此类通报或协查、何时办理,不含姓名、号码和内容,供核对和考核机关。",
            "Only that there was a notice or an inquiry of a kind, and when, is kept, without name,"
            " number and content, so that offices can be held to account.",
        ),
    ),
    Keeping(
        "claim-papers",
        _ACCOUNTS,
        Text(
            "报销材料随报销保存:在办或已付的作为会计凭证或供审核;撤回,或者该报销依申请删除的,"
            "材料随即删除,只留哈希值。",
            "Papers stay with their claim, for the office that decides and for the accounts; once"
            " it is taken back or erased they go at once, and only their hashes stay.",
        ),
    ),
    Keeping(
        "home-consents",
        _PROOF,
        Text(
            "只保留是否同意告知户籍地,作为证明;可随时撤回。",
            "Only that she agreed, or took it back, that her home county is told is kept as proof;"
            " it can be taken back at any time.",
        ),
    ),
    Keeping(
        "record-keeping",
        _TASK,
        Text(
            "须清楚由哪个县登记其记录,两地才不会重复或遗漏登记。",
            "It has to be clear which county writes her record, so that neither writes it twice"
            " nor none.",
        ),
    ),
    Keeping(
        "partner-subscriptions",
        _TASK,
        Text(
            "其他机关依目的或本人同意订阅的变动;撤回同意后即停止。",
            "What other offices follow, for a purpose or by her consent; it ends when the consent"
            " is taken back.",
        ),
    ),
    Keeping(
        "partner-questions",
        None,
        Text(
            "本地机关向其他机关的查询及其答复,至多保存三十天,依申请提前删除。",
            "What offices here asked other governments about her, and their answers: kept for 30"
            " days at most, and erased before on request.",
        ),
    ),
    Keeping(
        "handovers",
        None,
        Text(
            "已结束,无保存义务,依申请删除:记录移交中的姓名、号码、事由及其报文;只留由哪个县登记。",
            "Over, and nothing holds it: name, number and reason of a record that was handed over,"
            " and the messages with it; which county keeps the record stays.",
        ),
    ),
    Keeping(
        "objections",
        None,
        Text(
            "已作出决定,无保存义务,依申请删除:异议、复核的理由和答复;只留曾有异议和处理结果。",
            "Decided, and nothing holds it: the reasons of objections and appeals and of what was"
            " decided; that there was one, and how it ended, stays.",
        ),
    ),
    Keeping(
        "notices",
        None,
        Text(
            "已办结,无保存义务,依申请删除:通报内容及其报文。",
            "Over, and nothing holds it: what notices said, and the messages with it.",
        ),
    ),
    Keeping(
        "inquiries",
        None,
        Text(
            "已办结,无保存义务,依申请删除:协查的对象、问题、答复、附件及其报文。",
            "Over, and nothing holds it: whom inquiries named, questions, answers, attachments, and"
            " the messages with it.",
        ),
    ),
)
