"""Places: kinds, opening hours in words, which is nearest, and who keeps it. Pure."""

from collections.abc import Sequence
from enum import StrEnum
from itertools import groupby
from typing import Final

from shared.actors import Actor
from shared.problems import Text


class PlaceKind(StrEnum):
    SERVICE_HALL = "service-hall"  # 服务大厅
    COMMUNITY_DESK = "community-desk"  # 社区、村服务窗口
    OUTREACH_POST = "outreach-post"  # 流动服务点
    MARKET_POINT = "market-point"  # 市场、工地驻点
    HEALTH_CENTRE = "health-centre"  # 社区卫生服务中心
    HOSPITAL = "hospital"  # 医院
    SCHOOL = "school"  # 学校
    EMPLOYMENT_OFFICE = "employment-office"  # 就业服务机构
    LEGAL_AID_OFFICE = "legal-aid-office"  # 法律援助
    POLICE_STATION = "police-station"  # 派出所
    LIBRARY = "library"  # 图书馆、文化馆
    ASSOCIATION = "association"  # 流动人口协会分会
    OTHER = "other"


class Offer(StrEnum):
    """What can be had at a place, as one looks for it."""

    REFERRALS = "referrals"  # 转介
    APPOINTMENTS = "appointments"  # 预约
    SUPPLIES = "supplies"  # 免费用品


class Feature(StrEnum):
    PRIVATE_ROOM = "private-room"  # 单独谈话室
    SELF_SERVICE = "self-service"  # 自助终端、健康角
    CLASSROOM = "classroom"  # 课堂
    STEP_FREE = "step-free"  # 无障碍
    CHILDREN = "children"  # 儿童角
    ENGLISH = "english"  # 英语服务


FEATURES: Final[dict[Feature, Text]] = {
    Feature.PRIVATE_ROOM: Text("有单独谈话室", "private room"),
    Feature.SELF_SERVICE: Text("有自助设备", "self-service"),
    Feature.CLASSROOM: Text("有课堂", "classroom"),
    Feature.STEP_FREE: Text("无障碍", "step-free"),
    Feature.CHILDREN: Text("有儿童角", "children's corner"),
    Feature.ENGLISH: Text("可用英语", "English spoken"),
}
_ZH: Final = "一二三四五六日"
_EN: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
SHOWN: Final = 3  # offices told with an answer


def hours_text(days: Sequence[int], opens: str, closes: str) -> Text:
    """Opening times as one reads them: 周一至周五 09:00–17:00. Days are 1 (Monday) to 7."""
    runs = [
        [day for _, day in run]
        for _, run in groupby(enumerate(sorted(days)), lambda pair: pair[1] - pair[0])
    ]
    zh = "、".join(
        f"周{_ZH[run[0] - 1]}至周{_ZH[run[-1] - 1]}" if len(run) > 1 else f"周{_ZH[run[0] - 1]}"
        for run in runs
    )
    en = ", ".join(
        f"{_EN[run[0] - 1]}–{_EN[run[-1] - 1]}" if len(run) > 1 else _EN[run[0] - 1] for run in runs
    )
    return Text(f"{zh} {opens}–{closes}", f"{en} {opens}–{closes}")


def nearness(area: str, region: str) -> tuple[bool, int]:
    """Sorts places for somebody in `region`: first those whose area she is in, the smallest area
    first, then the others, the more of the code is shared the nearer."""
    shared = 0
    for mine, theirs in zip(area, region, strict=False):
        if mine != theirs:
            break
        shared += 1
    return (not region.startswith(area), -shared)


def may_keep(actor: Actor, org: str | None) -> bool:
    """Whether the caller may enter or change a place of that office: an administrator any, a clerk
    that of her own office and those of none."""
    return "migrant:admin" in actor.scopes or org in (None, actor.org)
