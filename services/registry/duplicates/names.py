"""Chinese names made comparable (姓名规范化): one person's name is written in many ways.

Traditional or simplified, with or without the dot of minority names, family name first or last,
a rare character (生僻字) that a form could not print spelled in Latin letters or left as a box, a
homophone typed instead. `keys_of` gives the forms that two writings of one name have in common.
Readings: pypinyin (single characters, without tones) after a table of family names; characters:
OpenCC.
"""

import re
import unicodedata
from collections.abc import Callable
from functools import cache, lru_cache
from typing import Final, NamedTuple

UNREADABLE: Final = "□"
"""Stands for a character that somebody could not print or read."""

# What forms and screens show instead of a character they do not have.
_BOXES: Final = frozenset("□■〓●○◻◼▯▢�*?")
_CJK: Final = re.compile(r"[㐀-鿿豈-﫿\U00020000-\U000323af〇]")
_TOKENS: Final = re.compile(rf"[a-z]+|{UNREADABLE}|\w")
_PLACES: Final = 3  # a family name and two given characters, as most Han names have

# Family names that are read otherwise than the character commonly is.
_FAMILY_READINGS: Final = {
    **{"单": "shan", "仇": "qiu", "曾": "zeng", "解": "xie", "查": "zha", "朴": "piao"},
    **{"区": "ou", "任": "ren", "盖": "ge", "华": "hua", "员": "yun", "缪": "miao"},
    **{"宓": "mi", "冼": "xian", "洗": "xian", "覃": "qin", "翟": "zhai", "种": "chong"},
    **{"卜": "bu", "秘": "bi", "那": "na", "谌": "chen", "隗": "wei", "折": "she"},
    **{"逄": "pang", "黑": "he", "牟": "mou", "繁": "po", "郇": "xun", "召": "shao"},
    **{"祭": "zhai", "乐": "yue", "柏": "bai", "薄": "bo", "郗": "xi", "佴": "nai"},
    **{"燕": "yan", "应": "ying", "宁": "ning", "葛": "ge", "俞": "yu", "哈": "ha"},
    **{"尉迟": "yuchi", "万俟": "moqi", "澹台": "tantai", "长孙": "zhangsun"},
    **{"单于": "chanyu", "令狐": "linghu", "夏侯": "xiahou", "鲜于": "xianyu"},
}
_DOUBLE_FAMILY: Final = frozenset(
    re.findall(
        "..",
        "欧阳司马诸葛上官夏侯东方皇甫尉迟公孙慕容令狐长孙宇文司徒司空南宫端木独孤万俟澹台公冶宗政濮阳"
        "淳于单于太叔申屠仲孙轩辕钟离闾丘呼延赫连拓跋百里东郭西门南门第五左丘梁丘鲜于完颜纳兰司寇巫马"
        "漆雕公良公羊谷梁乐正",
    )
)
# Characters that are taken for one another by eye, each group by its first.
_LOOK_ALIKE: Final = {
    each: group[0]
    for group in (
        *("未末", "己已巳", "戊戌戍", "日曰", "土士", "天夭", "干千于", "人入", "贝见", "候侯"),
        *("栗粟", "苟荀", "汩汨", "沪泸", "辛幸", "妹姝", "今令", "免兔", "儿几", "折拆析"),
        *("拔拨", "冷泠", "治冶", "洒酒", "付傅", "肖萧", "闫阎", "兰蓝", "代戴", "丘邱"),
        *("卢芦", "祎袆", "茜苜", "晴睛", "艳绝", "壮状", "冯马", "崔雀", "刘浏", "颖颍"),
        *("晶品", "旭旮", "彬杉", "婷停", "怡恰", "玲铃", "珍诊", "琳林", "桂佳", "栋拣"),
    )
    for each in group
}
_UMLAUT: Final = {"lyu": "lv", "nyu": "nv", "lyue": "lve", "nyue": "nve", "lue": "lve"}


class NameKeys(NamedTuple):
    """The forms of a name that are compared. `name` is simplified and without spaces and dots,
    `sound` its syllables in order, `unordered` its syllables sorted, each read as a family name
    where it may be one (it may stand at the wrong end), `shape` with look-alike characters made
    one. `first` and `second` are the two characters of a given name that has two."""

    name: str
    sound: str
    unordered: str
    shape: str
    family: str
    family_sound: str
    given: str
    first: str | None
    second: str | None
    unreadable: int


@lru_cache(maxsize=262_144)
def keys_of(written: str) -> NameKeys:
    """The keys of a name as it was written."""
    plain = _simplified(unicodedata.normalize("NFKC", written)).lower()
    plain = "".join(UNREADABLE if each in _BOXES else each for each in plain)
    tokens = _TOKENS.findall(_without_accents(plain))
    name = "".join(tokens)
    family, given = _split(plain, tokens)
    syllables = [_family_reading(family), *map(_reading, given)]
    anywhere = [_FAMILY_READINGS.get(token) or _reading(token) for token in tokens]
    characters = given if all(map(_is_character, given)) else []
    return NameKeys(
        name=name,
        sound="".join(syllables),
        unordered=" ".join(sorted(anywhere)),
        shape="".join(_LOOK_ALIKE.get(each, each) for each in name),
        family=family,
        family_sound=syllables[0],
        given="".join(given),
        first=characters[0] if len(characters) == _PLACES - 1 else None,
        second=characters[1] if len(characters) == _PLACES - 1 else None,
        unreadable=int(UNREADABLE in name),
    )


def _split(plain: str, tokens: list[str]) -> tuple[str, list[str]]:
    """The family name and what follows it: the first part of a name in parts, otherwise a family
    name of two characters that is known, otherwise the first character."""
    if not tokens:
        return "", []
    parts = [part for part in re.split(r"[\s·•・‧∙.,\-'’]+", plain) if part]
    if len(parts) > 1 and (len(parts[0]) > 1 or not _is_character(parts[0])):
        first = _TOKENS.findall(_without_accents(parts[0]))
        return "".join(first), tokens[len(first) :]
    if len(tokens) > _PLACES - 1 and "".join(tokens[:2]) in _DOUBLE_FAMILY:
        return "".join(tokens[:2]), tokens[2:]
    return tokens[0], tokens[1:]


def _family_reading(family: str) -> str:
    return _FAMILY_READINGS.get(family) or "".join(map(_reading, _TOKENS.findall(family)))


def _reading(token: str) -> str:
    if not _is_character(token):
        return _UMLAUT.get(token) or _latin(token)
    return _readings()(token)


@cache
def _readings() -> Callable[[str], str]:
    """How a character is commonly read, without its tone. Loaded when first needed: the table is
    large and most processes compare nobody."""
    from pypinyin.constants import PINYIN_DICT

    @cache
    def read(character: str) -> str:
        found = PINYIN_DICT.get(ord(character))
        return _without_accents(found.split(",")[0]) if found else _latin(character)

    return read


@cache
def _converter() -> Callable[[str], str]:
    from opencc import OpenCC

    convert: Callable[[str], str] = OpenCC("t2s").convert
    return convert


def _latin(token: str) -> str:
    """Latin letters for what has no reading, so that sounds are compared letter by letter."""
    return token if token.isascii() else "".join(f"u{ord(each):x}" for each in token)


def _simplified(text: str) -> str:
    return _converter()(text)


def _without_accents(text: str) -> str:
    """ "lǚ" → "lv": tones away, the vowel kept apart from that of lu."""
    if text.isascii():
        return text
    bare = unicodedata.normalize("NFD", text).replace("u\N{COMBINING DIAERESIS}", "v")
    return unicodedata.normalize(
        "NFC", "".join(each for each in bare if unicodedata.category(each) != "Mn")
    )


def _is_character(token: str) -> bool:
    return bool(_CJK.fullmatch(token))
