"""The erasure table: each kind of data about a person, and the duty that holds it or none. Pure."""

from typing import Final

from shared.erasure import Keeping
from shared.problems import Text

_PROOF: Final = "个人信息保护法第十四条、第十五条"

# 删除规则表. Numbers and texts go at once; that she agreed, and that she said stop, is proof.
KEEPING: Final = (
    Keeping(
        "consents",
        _PROOF,
        Text(
            "只保留同意或撤回了什么、何时,作为证明;不含号码。撤回后的同意不会因迟到的消息恢复。",
            "Only what was agreed or taken back, and when, is kept as proof, without a number; so"
            " no late news can bring back a consent that was taken back.",
        ),
    ),
    Keeping(
        "opt-outs",
        _PROOF,
        Text(
            "退订记录须保留,才能继续不向该号码发送;其中没有号码本身。",
            "A stop is kept so that it goes on holding; the number itself is not in it.",
        ),
    ),
    Keeping(
        "message-facts",
        "个人信息保护法第十九条",
        Text(
            "只保留何时发过哪种短信,供投诉核查,期满自动删除;不含内容和号码。",
            "Only that a text of a kind was sent, and when, is kept for complaints and goes by"
            " itself after a time; without its content and number.",
        ),
    ),
    Keeping(
        "contact-choices",
        None,
        Text(
            "无保存义务,依申请删除。",
            "Nothing holds how she wanted to be reached: erased at request.",
        ),
    ),
    Keeping(
        "stays",
        None,
        Text(
            "无保存义务,依申请删除:来源省份、居住地和事由的副本;登记本身在流动人口服务中。",
            "Nothing holds this copy of where she came from, lives and why: erased at request; the"
            " registration itself is the migrant service's.",
        ),
    ),
    Keeping(
        "reminders",
        None,
        Text(
            "无保存义务,依申请删除;尚未发出的提醒随之取消,预约本身不变。",
            "Nothing holds them: erased at request, and none is sent; appointments stay.",
        ),
    ),
    Keeping(
        "replies",
        None,
        Text(
            "无保存义务,依申请删除:您发来的短信内容和号码。",
            "Nothing holds the texts that came from her number: erased at request.",
        ),
    ),
    Keeping(
        "deaths",
        None,
        Text(
            "无保存义务,依申请删除:登记有误的死亡,只存编号。",
            "Nothing holds it: that a death was registered in error, by ids alone.",
        ),
    ),
    Keeping(
        "contact-numbers",
        None,
        Text(
            "无保存义务,依申请删除;此后没有号码可以发送。",
            "Nothing holds them: erased at request; from then on there is no number to send to.",
        ),
    ),
    Keeping(
        "message-contents",
        None,
        Text(
            "无保存义务,依申请删除;尚未发出的短信随之取消。",
            "Nothing holds them: erased at request; texts that have not gone are cancelled.",
        ),
    ),
)
