"""The erasure table: each kind of data about a person, and the duty that holds it or none. Pure."""

from datetime import date
from typing import Final

from shared.erasure import Keeping
from shared.problems import Text

KEPT_YEARS = 3

_POPULATION_LAW: Final = "人口与计划生育法第十四条"
_ACCOUNTS: Final = "会计法第二十三条"
_PETITIONS: Final = "信访工作条例"
_NECESSARY: Final = "个人信息保护法第十九条"


def oldest_kept(today: date) -> date:
    """Records of work done before this day are held by nothing any more."""
    try:
        return today.replace(year=today.year - KEPT_YEARS)
    except ValueError:  # 29 February
        return today.replace(year=today.year - KEPT_YEARS, day=28)


# 删除规则表. What is in force or fresh is held by a named rule; the rest goes at once.
KEEPING: Final = (
    Keeping(
        "identity",
        _POPULATION_LAW,
        Text(
            "姓名和证件号码与居住登记一并保存,用于辨认登记属于何人。",
            "Name and id number are kept with the stays, which say nothing without them.",
        ),
    ),
    Keeping(
        "stays",
        _POPULATION_LAW,
        Text(
            "居住登记是现居住地政府的法定职责,半年居住等权利也以此计算。",
            "Registering stays is a duty of the place where people live; rights after half a year"
            " are counted from them.",
        ),
    ),
    Keeping(
        "stay-changes",
        _POPULATION_LAW,
        Text(
            "更正和撤销的经过与居住登记一并保存,使每次改动都可复查。",
            "How a stay was put right is kept with it, so that every change is open to review.",
        ),
    ),
    Keeping(
        "expected-departures",
        None,
        Text(
            "预计离开只是本人随口告知,无保存义务,依申请删除。",
            "What she said of leaving: nothing holds it, erased at request.",
        ),
    ),
    Keeping(
        "employments",
        "就业服务与就业管理规定",
        Text(
            "这是用人单位依法办理的用工备案,不是本人提交的资料。",
            "These are filings that employers have to make by law.",
        ),
    ),
    Keeping(
        "consents-standing",
        "个人信息保护法第十三条",
        Text(
            "同意仍然有效;可随时撤回,撤回后即可删除。",
            "The consent stands; take it back at any time, and it can be erased.",
        ),
    ),
    Keeping(
        "certificates-valid",
        _NECESSARY,
        Text(
            "证明仍在有效期内,须能查询和撤销;到期后即可删除。",
            "The certificate is still valid and must be revocable; it can be erased once expired.",
        ),
    ),
    Keeping(
        "certificate-requests-open",
        _NECESSARY,
        Text(
            "申请正在办理或待领取;可随时撤回,撤回后即可删除。",
            "The request is under way; withdraw it at any time, and it can be erased.",
        ),
    ),
    Keeping(
        "appointments-to-come",
        _NECESSARY,
        Text(
            "预约尚未到期;可先取消,取消后即可删除。",
            "The appointment is still to come; cancel it, and it can be erased.",
        ),
    ),
    Keeping(
        "service-records-recent",
        _NECESSARY,
        Text(
            f"服务记录保存{KEPT_YEARS}年,供本人申诉和审计核查,期满即可删除。",
            f"Service records are kept for {KEPT_YEARS} years, for complaints and audit.",
        ),
    ),
    Keeping(
        "help-requests-recent",
        _PETITIONS,
        Text(
            f"求助办理情况须可复查,办结后保存{KEPT_YEARS}年,期满即可删除。",
            "How a request for help was settled must be open to review; it is kept for"
            f" {KEPT_YEARS} years after that.",
        ),
    ),
    Keeping(
        "convening-now",
        "个人信息保护法第十三条",
        Text(
            "召集人任期尚未结束;可随时辞去,辞去后即可删除。",
            "You serve as a convener; end it at any time, and it can be erased.",
        ),
    ),
    Keeping(
        "logins-standing",
        "个人信息保护法第十三条",
        Text(
            "登录账号仍在绑定;可随时解除,解除后即可删除。",
            "The login is linked; end it at any time, and it can be erased.",
        ),
    ),
    Keeping(
        "logins-ended",
        None,
        Text("绑定已解除,依申请删除。", "The login was ended: erased at request."),
    ),
    Keeping(
        "self-registrations",
        None,
        Text(
            "自助登记的填写内容无保存义务,依申请删除。",
            "Nothing holds what was filled in by phone: erased at request.",
        ),
    ),
    Keeping("phone", None, Text("无保存义务,依申请删除。", "Nothing holds it: erased at request.")),
    Keeping(
        "employments-withdrawn",
        None,
        Text(
            "用人单位已撤回此备案,无保存义务,依申请删除。",
            "The employer took the filing back: nothing holds it, erased at request.",
        ),
    ),
    Keeping(
        "consent-refusals-recent",
        "网络数据安全管理条例",
        Text(
            "记录本人已表示不同意,期满前不再询问;期满即可删除。",
            "That she said no is kept so that nobody asks again; it can be erased after that time.",
        ),
    ),
    Keeping(
        "consent-refusals-past",
        None,
        Text("期限已过,依申请删除。", "That time is over: erased at request."),
    ),
    Keeping(
        "contact-choices",
        None,
        Text(
            "联系方式选择无保存义务,依申请删除。",
            "Nothing holds how she wanted to be reached: erased at request.",
        ),
    ),
    Keeping(
        "consents-withdrawn",
        None,
        Text(
            "同意已撤回,无保存义务,依申请删除。", "Taken back: nothing holds it, erased at request."
        ),
    ),
    Keeping(
        "certificates-expired",
        None,
        Text("证明已过期,无保存义务,依申请删除。", "Expired: nothing holds it, erased at request."),
    ),
    Keeping(
        "certificate-requests-over",
        None,
        Text("申请已办结,无保存义务,依申请删除。", "Over: nothing holds it, erased at request."),
    ),
    Keeping(
        "appointments-past",
        None,
        Text("预约已结束,无保存义务,依申请删除。", "Over: nothing holds it, erased at request."),
    ),
    Keeping(
        "appointment-waits",
        None,
        Text(
            "候补出于自愿,无保存义务,依申请删除,不再候补。",
            "Waiting is voluntary and nothing holds it: erased at request, and she waits no more.",
        ),
    ),
    Keeping(
        "referrals-open",
        _NECESSARY,
        Text(
            "转介尚未办结;可随时撤回,撤回后即可删除。",
            "The referral is still open; withdraw it at any time, and it can be erased.",
        ),
    ),
    Keeping(
        "referrals-over",
        None,
        Text("转介已办结,无保存义务,依申请删除。", "Over: nothing holds it, erased at request."),
    ),
    Keeping(
        "service-records-old",
        None,
        Text("保存期已满,依申请删除。", "The time of keeping is over: erased at request."),
    ),
    Keeping(
        "help-companies",
        None,
        Text(
            "共同求助人只计人数,无须留名,依申请删除。",
            "Those who ask together are counted and need no name: erased at request.",
        ),
    ),
    Keeping(
        "convening-ended",
        None,
        Text(
            "任期已结束,无保存义务,依申请删除。",
            "It has ended: nothing holds it, erased at request.",
        ),
    ),
    Keeping(
        "claims-kept",
        _ACCOUNTS,
        Text(
            "报销在办、已付或不予支付未满三年的,作为会计凭证或供复核保存;撤回后即可删除。",
            "Open, paid, or refused within three years: kept for the accounts and for review; once"
            " taken back it can be erased.",
        ),
    ),
    Keeping(
        "claims-over",
        None,
        Text(
            "报销已撤回或不予支付已满三年,无保存义务,依申请删除。",
            "Taken back, or refused three years ago: nothing holds it, erased at request.",
        ),
    ),
    Keeping(
        "received-claims-kept",
        _ACCOUNTS,
        Text(
            "现居住地代为送来的报销,在办、已付或不予支付未满三年的,作为会计凭证或供复核保存;"
            "在现居住地撤回后,识别本人的内容随即删除。",
            "A claim sent for you from where you live: open, paid, or refused within three years,"
            " kept for the accounts and for review; what names you goes once it is taken back.",
        ),
    ),
    Keeping(
        "received-claims-over",
        None,
        Text(
            "现居住地送来的报销不予支付已满三年,无保存义务,依申请删除。",
            "Sent from where you live and refused three years ago: erased at request.",
        ),
    ),
    Keeping(
        "benefits",
        _ACCOUNTS,
        Text(
            "发放清单是会计凭证,连同审核时核对的死亡登记一并依法保存。",
            "Lists of payments are vouchers of the accounts, kept by law with what they were"
            " checked against.",
        ),
    ),
    Keeping(
        "help-requests-old",
        None,
        Text("保存期已满,依申请删除。", "The time of keeping is over: erased at request."),
    ),
)
