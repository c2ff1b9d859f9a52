"""Names, nationalities and sending provinces for invented people, from published frequencies.

No entry is a person: only shares and fashions are taken from the sources named beside each table.
"""

import random
from itertools import accumulate
from typing import Final, NamedTuple

from shared.codes import Sex

# Percent of the population, as published from the surname surveys of the Chinese Academy of
# Sciences (Yuan Yida and others), spelled as registers spell them: 肖 for 萧, 付 for 傅, 闫 for 阎.
# 欧阳, the most frequent surname of two characters, after the Ministry of Public Security's report
# on names (二〇二〇年全国姓名报告, 8 February 2021): 1.112 million people.
_SURNAME_SHARES: Final = (
    "李7.94 王7.41 张7.07 刘5.38 陈4.53 杨3.08 黄2.66 赵2.29 周2.12 吴2.05 徐1.66 "
    "孙1.54 朱1.26 高1.21 林1.17 何1.17 郭1.15 马1.05 胡1.00 罗0.86 梁0.84 宋0.81 "
    "郑0.78 谢0.72 韩0.68 唐0.65 冯0.64 于0.62 董0.61 肖0.59 程0.57 曹0.57 袁0.54 "
    "邓0.54 许0.54 付0.51 沈0.50 曾0.50 彭0.49 吕0.47 苏0.47 卢0.47 蒋0.47 蔡0.46 "
    "贾0.42 丁0.42 魏0.42 薛0.42 叶0.42 闫0.41 余0.41 潘0.41 杜0.40 戴0.39 夏0.39 "
    "钟0.39 汪0.38 田0.38 任0.38 姜0.37 范0.36 方0.36 石0.35 姚0.35 谭0.34 廖0.34 "
    "邹0.33 熊0.32 金0.32 陆0.31 郝0.30 孔0.29 白0.29 崔0.28 康0.28 毛0.27 邱0.27 "
    "秦0.26 江0.26 史0.25 顾0.25 侯0.25 邵0.24 孟0.24 龙0.24 欧阳0.08"
)
_SURNAMES: Final = [part.rstrip("0123456789.") for part in _SURNAME_SHARES.split()]
_CUMULATIVE: Final = list(
    accumulate(float(part.lstrip("".join(_SURNAMES))) for part in _SURNAME_SHARES.split())
)

# One child with the mother's surname to twelve with the father's (二〇二〇年全国姓名报告).
MOTHERS_SURNAME: Final = 1 / 13


class _Fashion(NamedTuple):
    """How children born up to a year were named."""

    until: int
    one_character: float  # share of given names of a single character
    single: str
    first: str
    second: str
    whole: str  # full given names that were a fashion of their own, separated by spaces


# Fashions by decade after 二〇二〇年全国姓名报告: 建国 建华 英 兰 about 1950; 军 勇 英 丽 in the
# sixties and seventies; 伟 磊 静 丽 in the eighties; 杰 浩 婷 雪 in the nineties; 浩宇 浩然 欣怡
# after 2000; 奕辰 一诺 in 2020. It gives two-character full names as at most 27.6 % of a year.
_BOYS: Final = (
    _Fashion(
        1959, 0.10, "华明生林平", "建国文志德永正福玉广", "国华明生民林清祥山才", "建国 建华 国强"
    ),
    _Fashion(
        1979, 0.20, "军勇伟强平斌", "建志国文卫海永新红小", "军勇强平明华东生林兵", "建军 卫东 志强"
    ),
    _Fashion(
        1989, 0.27, "伟磊勇涛鹏超", "建志海晓文永小少立云", "伟磊鹏涛飞龙波辉峰超", "志伟 海涛 晓东"
    ),
    _Fashion(
        1999, 0.25, "杰浩鑫帅宇凯", "俊志嘉文天宇家明晓子", "杰浩豪宇鑫阳辉龙航凯", "志豪 俊杰 文杰"
    ),
    _Fashion(
        2012, 0.12, "涛浩宇轩博", "浩子宇俊嘉天文梓泽铭", "然轩宇博豪涵杰航洋阳", "浩宇 浩然 子轩"
    ),
    _Fashion(
        9999, 0.06, "辰睿泽晨", "奕宇子浩亦梓沐铭嘉一", "辰轩宇墨航然豪宸泽霖", "奕辰 宇轩 浩宇"
    ),
)
_GIRLS: Final = (
    _Fashion(
        1959, 0.10, "英兰珍梅芳", "秀桂玉淑凤素春金兰月", "英兰珍华芳荣云香花梅", "秀英 桂英 玉兰"
    ),
    _Fashion(
        1979, 0.20, "丽英芳红梅敏", "丽秀红玉春小晓海淑艳", "英丽芳霞红梅华萍玲燕", "秀英 丽华 红梅"
    ),
    _Fashion(
        1989, 0.27, "静丽娟燕艳敏", "丽海晓春小雪亚婷红慧", "娟静丽燕霞玲娜艳敏芳", "丽娟 海燕 晓燕"
    ),
    _Fashion(
        1999, 0.25, "婷雪静悦颖慧", "婷雪梦晓思雨佳文丹慧", "婷雪怡静倩敏莹琪娟玲", "婷婷 思雨 雪婷"
    ),
    _Fashion(
        2012, 0.12, "婷悦妍萱", "欣梓雨佳子思诗梦可语", "怡涵萱彤琪妍悦轩欣瑶", "欣怡 梓涵 雨欣"
    ),
    _Fashion(
        9999, 0.06, "玥伊昕瑶", "一依欣梓语可雨沐若诗", "诺怡涵桐妍欣汐萱玥瑶", "一诺 依诺 欣怡"
    ),
)

# Usual given names where a family name is not used: a Uygur's own and the father's name stand side
# by side, a Tibetan name is two words run together.
_UYGUR_MEN: Final = (
    *("买买提", "艾力", "吐尔逊", "玉素甫", "依明"),
    *("卡德尔", "艾合买提", "阿不都拉", "热合曼", "伊力哈木"),
)
_UYGUR_WOMEN: Final = ("阿依古丽", "帕提古丽", "热依汗", "米热古丽", "古丽娜尔", "阿瓦古丽")
_TIBETAN_MEN: Final = ("扎西", "多吉", "次仁", "旦增", "平措", "顿珠", "洛桑", "格桑")
_TIBETAN_WOMEN: Final = ("卓玛", "央金", "拉姆", "德吉", "白玛", "曲珍", "仓央")
HAN: Final = "01"
_UYGUR: Final = "05"
_TIBETAN: Final = "04"

# Province → nationality (GB/T 3304) → percent of its population where at least 1 %, the rest given
# as Han. Approximate, after the national population census of 2020.
_NATIONALITIES: Final[dict[str, dict[str, int]]] = {
    "13": {"11": 3},
    "15": {"02": 18, "11": 2},
    "21": {"11": 12, "02": 2},
    "22": {"10": 4, "11": 4},
    "42": {"15": 4},
    "43": {"15": 4, "06": 3, "12": 1},
    "45": {"08": 31, "13": 3, "06": 1},
    "46": {"19": 15},
    "50": {"15": 5, "06": 2},
    "51": {"07": 4, "04": 2},
    "52": {"06": 12, "09": 7, "15": 4, "12": 4, "07": 2},
    "53": {"07": 11, "14": 3, "16": 3, "18": 3, "08": 3, "06": 3},
    "54": {"04": 86},
    "62": {"03": 5, "26": 2, "04": 2},
    "63": {"04": 25, "03": 16, "30": 4},
    "64": {"03": 35},
    "65": {"05": 45, "17": 6, "03": 4},
}

# People living outside the province of their hukou, in millions, by that province, after the census
# of 2020 (124.8 million in all). Henan 16.1 and over ten in Anhui and Sichuan are published,
# the rest is approximate; a province not named here counts as one.
SENDING_PROVINCES: Final[dict[str, int]] = {
    "41": 16,
    "34": 12,
    "51": 10,
    "45": 8,
    "52": 8,
    "43": 8,
    "36": 6,
    "42": 6,
    "13": 5,
    "23": 4,
    "32": 4,
    "37": 4,
    "50": 4,
    "53": 3,
    "61": 3,
    "62": 3,
    "14": 2,
    "15": 2,
    "22": 2,
    "33": 2,
    "35": 2,
}
# 251.0 of 375.8 million migrants stayed within their province (2020 census, communiqué no. 7).
SAME_PROVINCE: Final = 251.0 / 375.8


def surname(rng: random.Random) -> str:
    """One Chinese surname, by how many people bear it."""
    return rng.choices(_SURNAMES, cum_weights=_CUMULATIVE)[0]


def nationality(rng: random.Random, province: str) -> str:
    """A GB/T 3304 code for someone from a province (two digits)."""
    shares = _NATIONALITIES.get(province)
    if shares is None:
        return HAN
    return rng.choices([HAN, *shares], [100 - sum(shares.values()), *shares.values()])[0]


def full_name(rng: random.Random, family: str, sex: Sex, year: int, people: str) -> str:
    """A name as it stands in a register, in the fashion of the year of birth.

    ``family`` is the surname, left out where the nationality ``people`` (GB/T 3304) has none.
    """
    if people == _UYGUR:
        own = rng.choice(_UYGUR_MEN if sex is Sex.MALE else _UYGUR_WOMEN)
        return f"{own}·{rng.choice(_UYGUR_MEN)}"
    if people == _TIBETAN:
        words = _TIBETAN_MEN if sex is Sex.MALE else _TIBETAN_WOMEN
        return "".join(rng.sample(words, 2))
    return family + _given_name(rng, sex, year)


def _given_name(rng: random.Random, sex: Sex, year: int) -> str:
    fashions = _BOYS if sex is Sex.MALE else _GIRLS
    fashion = next(fashion for fashion in fashions if year <= fashion.until)
    draw = rng.random()
    if draw < fashion.one_character:
        return rng.choice(fashion.single)
    if draw > 0.95:  # a fashion of its own: about one child in twenty
        return rng.choice(fashion.whole.split())
    first = rng.choice(fashion.first)
    # A doubled character is a girl's name of two generations, never the drawing's accident.
    return first + rng.choice([second for second in fashion.second if second != first])
