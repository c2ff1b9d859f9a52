"""National codes a person, an organisation and a place carry, checked and read (国家标准代码).

Sources: GB 11643 (resident id number), GB 32100 (unified social credit code), GB/T 2260 and
GB/T 10114 (regions), GB/T 2261.1 (sex), GB/T 2261.2 (marital status), GB/T 3304 (nationalities),
GB/T 4658 (education), GB/T 4761 (family relation). Pure: no I/O and no framework, except the
pydantic aliases at the end.

Nothing raised here carries any part of the value it refuses, so it may be logged and shown.
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from operator import mul
from typing import Annotated, Final

from pydantic import AfterValidator

from shared.problems import Text

# ---- Why a code is refused ----------------------------------------------------------------------


class CodeKind(StrEnum):
    """Which code was read."""

    RESIDENT_ID = "resident-id"
    CREDIT_CODE = "credit-code"
    REGION = "region"


class CodeFault(StrEnum):
    """What is wrong with it; stable, fit for a reject report."""

    LENGTH = "length"
    CHARACTERS = "characters"
    BIRTH_DATE = "birth-date"
    FUTURE = "future"
    CHECK_DIGIT = "check-digit"


KIND_TEXT: Final[dict[CodeKind, Text]] = {
    CodeKind.RESIDENT_ID: Text("公民身份号码", "resident id number"),
    CodeKind.CREDIT_CODE: Text("统一社会信用代码", "unified social credit code"),
    CodeKind.REGION: Text("行政区划代码", "region code"),
}

FAULT_TEXT: Final[dict[CodeFault, Text]] = {
    CodeFault.LENGTH: Text("位数不对", "the number of characters is wrong"),
    CodeFault.CHARACTERS: Text("含有不允许的字符", "it holds a character that is not allowed"),
    CodeFault.BIRTH_DATE: Text("其中的出生日期不存在", "the birth date in it does not exist"),
    CodeFault.FUTURE: Text("其中的出生日期晚于今天", "the birth date in it is after today"),
    CodeFault.CHECK_DIGIT: Text("校验码不符", "the check digit does not match"),
}


class CodeError(ValueError):
    """A code that the standard does not allow. Never holds the code itself."""

    def __init__(self, kind: CodeKind, reason: CodeFault) -> None:
        """Remember which code failed and why; the message is the English sentence."""
        super().__init__(kind, reason)
        self.kind = kind
        self.reason = reason

    @property
    def text(self) -> Text:
        """The refusal as a sentence in both languages."""
        name, fault = KIND_TEXT[self.kind], FAULT_TEXT[self.reason]
        return Text(f"{name.zh}：{fault.zh}", f"{name.en}: {fault.en}")

    def __str__(self) -> str:
        """The English sentence."""
        return self.text.en


# Forms typed with a Chinese input method arrive in full-width characters.
_HALF_WIDTH: Final = str.maketrans(
    {chr(code + 0xFEE0): chr(code) for code in range(ord("0"), ord("z") + 1) if chr(code).isalnum()}
)


def normalise_code(value: str) -> str:
    """Upper case, half-width, without spaces around it."""
    return (value if value.isascii() else value.translate(_HALF_WIDTH)).strip().upper()


# ---- Sex (GB/T 2261.1) --------------------------------------------------------------------------


class Sex(StrEnum):
    """GB/T 2261.1 (性别)."""

    UNKNOWN = "0"
    MALE = "1"
    FEMALE = "2"
    UNSTATED = "9"


SEX_TEXT: Final[dict[Sex, Text]] = {
    Sex.UNKNOWN: Text("未知的性别", "unknown"),
    Sex.MALE: Text("男", "male"),
    Sex.FEMALE: Text("女", "female"),
    Sex.UNSTATED: Text("未说明的性别", "unstated"),
}

# ---- Resident id number (GB 11643) --------------------------------------------------------------

EARLIEST_BIRTH: Final = date(1880, 1, 1)
# The day in China, wherever the server's clock is set: a child born this morning is registered.
_CHINA: Final = timedelta(hours=8)
_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK_DIGITS: Final = "10X98765432"
_RESIDENT_ID: Final = re.compile(r"[1-9][0-9]{16}[0-9X]")


@dataclass(frozen=True, slots=True)
class ParsedResidentId:
    """What a resident id number says.

    ``number`` is the canonical form of 18 characters. ``region`` is the six-digit county code of
    the day the number was issued; most adults' codes have been abolished or renumbered since, so
    it is a hint and never a reason to refuse.
    """

    number: str
    region: str
    birth_date: date
    sex: Sex


def resident_id_check_digit(first17: str) -> str:
    """The 18th character for the first 17 digits: 0–9 or X (GB 11643, ISO 7064 MOD 11-2)."""
    if len(first17) != len(_WEIGHTS):
        raise ValueError("17 digits are needed")
    return _CHECK_DIGITS[sum(map(mul, _WEIGHTS, map(int, first17))) % 11]


def parse_resident_id(value: str, *, today: date | None = None) -> ParsedResidentId:
    """Read a resident id number of 18 characters (公民身份号码).

    ``today`` defaults to the current date in China. Raises CodeError with the first reason of
    length, characters, birth-date (no such day, or before 1880), future, check-digit.
    """
    number = normalise_code(value)
    if len(number) != 18:
        raise CodeError(CodeKind.RESIDENT_ID, CodeFault.LENGTH)
    if not _RESIDENT_ID.fullmatch(number):
        raise CodeError(CodeKind.RESIDENT_ID, CodeFault.CHARACTERS)
    birth_date = _birth_date(number)
    if birth_date is None or birth_date < EARLIEST_BIRTH:
        raise CodeError(CodeKind.RESIDENT_ID, CodeFault.BIRTH_DATE)
    if birth_date > (today or (datetime.now(UTC) + _CHINA).date()):
        raise CodeError(CodeKind.RESIDENT_ID, CodeFault.FUTURE)
    if resident_id_check_digit(number[:17]) != number[17]:
        raise CodeError(CodeKind.RESIDENT_ID, CodeFault.CHECK_DIGIT)
    sex = Sex.MALE if int(number[16]) % 2 else Sex.FEMALE
    return ParsedResidentId(number, number[:6], birth_date, sex)


def _birth_date(number: str) -> date | None:
    try:
        return date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return None


# ---- Unified social credit code (GB 32100) ------------------------------------------------------

CREDIT_CODE_ALPHABET: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"  # without I, O, S, V, Z
_CREDIT_VALUES: Final = {character: value for value, character in enumerate(CREDIT_CODE_ALPHABET)}
_CREDIT_WEIGHTS: Final = tuple(pow(3, position, 31) for position in range(17))
# Registrar, category, six digits of region, nine characters of organisation, check character.
_CREDIT_CODE: Final = re.compile(
    rf"[{CREDIT_CODE_ALPHABET}]{{2}}[0-9]{{6}}[{CREDIT_CODE_ALPHABET}]{{10}}"
)


def credit_code_check_digit(first17: str) -> str:
    """The 18th character for the first 17 (GB 32100: weights 3^i mod 31)."""
    pairs = zip(_CREDIT_WEIGHTS, first17, strict=True)
    total = sum(weight * _CREDIT_VALUES[character] for weight, character in pairs)
    return CREDIT_CODE_ALPHABET[-total % 31]


def parse_credit_code(value: str) -> str:
    """The canonical form of a unified social credit code (统一社会信用代码), 18 characters.

    Raises CodeError with the first reason of length, characters, check-digit.
    """
    code = normalise_code(value)
    if len(code) != 18:
        raise CodeError(CodeKind.CREDIT_CODE, CodeFault.LENGTH)
    if not _CREDIT_CODE.fullmatch(code):
        raise CodeError(CodeKind.CREDIT_CODE, CodeFault.CHARACTERS)
    if credit_code_check_digit(code[:17]) != code[17]:
        raise CodeError(CodeKind.CREDIT_CODE, CodeFault.CHECK_DIGIT)
    return code


# ---- Regions (GB/T 2260, GB/T 10114) ------------------------------------------------------------


class RegionLevel(StrEnum):
    """The five levels, widest first."""

    PROVINCE = "province"
    CITY = "city"
    COUNTY = "county"
    TOWNSHIP = "township"
    VILLAGE = "village"


LEVEL_TEXT: Final[dict[RegionLevel, Text]] = {
    RegionLevel.PROVINCE: Text("省级", "province"),
    RegionLevel.CITY: Text("地级", "city"),
    RegionLevel.COUNTY: Text("县级", "county"),
    RegionLevel.TOWNSHIP: Text("乡级", "township"),
    RegionLevel.VILLAGE: Text("村级", "village"),
}
_LEVELS: Final = {
    2: RegionLevel.PROVINCE,
    4: RegionLevel.CITY,
    6: RegionLevel.COUNTY,
    9: RegionLevel.TOWNSHIP,
    12: RegionLevel.VILLAGE,
}
_PARENT_LENGTHS: Final = {4: 2, 6: 4, 9: 6, 12: 9}
# No province begins with 0 and no city is 00: such a code is a province padded with zeros.
_REGION: Final = re.compile(r"[1-9][0-9](?:(?!00)[0-9]{2,10})?")


def parse_region(value: str) -> str:
    """A region code in Yipan's form: its significant digits, so that a prefix is containment.

    2, 4, 6, 9 or 12 digits for province, city, county, township, village; ``42``, never
    ``420000``. Raises CodeError with length or characters. Whether the region exists is for the
    regions table to say.
    """
    code = normalise_code(value)
    if len(code) not in _LEVELS:
        raise CodeError(CodeKind.REGION, CodeFault.LENGTH)
    if not _REGION.fullmatch(code):
        raise CodeError(CodeKind.REGION, CodeFault.CHARACTERS)
    return code


def trim_region(value: str) -> str:
    """The significant digits of a code padded with zeros to 6, 9 or 12 digits.

    ``420000`` → ``42``, ``420325000000`` → ``420325``. Dongguan, Zhongshan and Danzhou have
    towns but no counties and repeat the city as ``441900``; they come out as the city, which
    contains the same people. Raises CodeError as parse_region does.
    """
    code = normalise_code(value)
    if len(code) not in (6, 9, 12):
        return parse_region(code)
    while len(code) in _PARENT_LENGTHS and not code[_PARENT_LENGTHS[len(code)] :].strip("0"):
        code = code[: _PARENT_LENGTHS[len(code)]]
    return parse_region(code)


def level_of(code: str) -> RegionLevel:
    """The level of a region code. Raises CodeError where it is not one."""
    return _LEVELS[len(parse_region(code))]


def parent_of(code: str) -> str | None:
    """The region around this one; None above a province. Raises CodeError."""
    length = _PARENT_LENGTHS.get(len(parse_region(code)))
    return None if length is None else code[:length]


def contains(prefix: str, code: str) -> bool:
    """Whether the region ``code`` is ``prefix`` or lies inside it.

    An empty prefix would contain everyone, so it raises CodeError like any other bad code.
    """
    return code.startswith(parse_region(prefix)) and len(code) in _LEVELS


# ---- Code tables --------------------------------------------------------------------------------


class MaritalStatus(StrEnum):
    """GB/T 2261.2 (婚姻状况)."""

    SINGLE = "10"
    MARRIED = "20"
    FIRST_MARRIAGE = "21"
    REMARRIED = "22"
    MARRIAGE_RESTORED = "23"
    WIDOWED = "30"
    DIVORCED = "40"
    UNSTATED = "90"


MARITAL_STATUS_TEXT: Final[dict[MaritalStatus, Text]] = {
    MaritalStatus.SINGLE: Text("未婚", "never married"),
    MaritalStatus.MARRIED: Text("已婚", "married"),
    MaritalStatus.FIRST_MARRIAGE: Text("初婚", "married for the first time"),
    MaritalStatus.REMARRIED: Text("再婚", "remarried"),
    MaritalStatus.MARRIAGE_RESTORED: Text("复婚", "remarried the former spouse"),
    MaritalStatus.WIDOWED: Text("丧偶", "widowed"),
    MaritalStatus.DIVORCED: Text("离婚", "divorced"),
    MaritalStatus.UNSTATED: Text("未说明的婚姻状况", "unstated"),
}


class Education(StrEnum):
    """GB/T 4658 (学历)."""

    POSTGRADUATE = "10"
    BACHELOR = "20"
    JUNIOR_COLLEGE = "30"
    SECONDARY_VOCATIONAL = "40"
    SENIOR_SECONDARY = "60"
    JUNIOR_SECONDARY = "70"
    PRIMARY = "80"
    OTHER = "90"


EDUCATION_TEXT: Final[dict[Education, Text]] = {
    Education.POSTGRADUATE: Text("研究生教育", "postgraduate"),
    Education.BACHELOR: Text("大学本科教育", "bachelor"),
    Education.JUNIOR_COLLEGE: Text("大学专科教育", "junior college"),
    Education.SECONDARY_VOCATIONAL: Text("中等职业教育", "secondary vocational"),
    Education.SENIOR_SECONDARY: Text("普通高级中学教育", "senior secondary"),
    Education.JUNIOR_SECONDARY: Text("初级中学教育", "junior secondary"),
    Education.PRIMARY: Text("小学教育", "primary"),
    Education.OTHER: Text("其他", "other"),
}


class FamilyRelation(StrEnum):
    """GB/T 4761 (家庭关系), to the head of the household (户主)."""

    HEAD = "0"
    SPOUSE = "1"
    SON = "2"
    DAUGHTER = "3"
    GRANDCHILD = "4"
    PARENT = "5"
    GRANDPARENT = "6"
    SIBLING = "7"
    OTHER = "8"


FAMILY_RELATION_TEXT: Final[dict[FamilyRelation, Text]] = {
    FamilyRelation.HEAD: Text("本人或户主", "self or head"),
    FamilyRelation.SPOUSE: Text("配偶", "spouse"),
    FamilyRelation.SON: Text("子", "son"),
    FamilyRelation.DAUGHTER: Text("女", "daughter"),
    FamilyRelation.GRANDCHILD: Text("孙子女或外孙子女", "grandchild"),
    FamilyRelation.PARENT: Text("父母", "parent"),
    FamilyRelation.GRANDPARENT: Text("祖父母或外祖父母", "grandparent"),
    FamilyRelation.SIBLING: Text("兄弟姐妹", "sibling"),
    FamilyRelation.OTHER: Text("其他", "other"),
}

_NATIONALITIES: Final = (
    "汉族 Han|蒙古族 Mongol|回族 Hui|藏族 Zang|维吾尔族 Uygur|苗族 Miao|彝族 Yi|壮族 Zhuang|"
    "布依族 Buyei|朝鲜族 Chosen|满族 Man|侗族 Dong|瑶族 Yao|白族 Bai|土家族 Tujia|哈尼族 Hani|"
    "哈萨克族 Kazak|傣族 Dai|黎族 Li|傈僳族 Lisu|佤族 Va|畲族 She|高山族 Gaoshan|拉祜族 Lahu|"
    "水族 Sui|东乡族 Dongxiang|纳西族 Naxi|景颇族 Jingpo|柯尔克孜族 Kirgiz|土族 Tu|"
    "达斡尔族 Daur|仫佬族 Mulao|羌族 Qiang|布朗族 Blang|撒拉族 Salar|毛南族 Maonan|仡佬族 Gelao|"
    "锡伯族 Xibe|阿昌族 Achang|普米族 Pumi|塔吉克族 Tajik|怒族 Nu|乌孜别克族 Uzbek|"
    "俄罗斯族 Russ|鄂温克族 Ewenki|德昂族 Deang|保安族 Bonan|裕固族 Yugur|京族 Gin|"
    "塔塔尔族 Tatar|独龙族 Derung|鄂伦春族 Oroqen|赫哲族 Hezhen|门巴族 Monba|珞巴族 Lhoba|"
    "基诺族 Jino"
)

# GB/T 3304 (民族): two digits → name; 97 and 98 are the extensions that registers use.
NATIONALITIES: Final[dict[str, Text]] = {
    f"{number:02}": Text(*pair.split(" "))
    for number, pair in enumerate(_NATIONALITIES.split("|"), start=1)
} | {
    "97": Text("其他未识别的民族", "not yet identified"),
    "98": Text("外国血统中国籍人士", "Chinese citizen of foreign descent"),
}


# ---- pydantic aliases ---------------------------------------------------------------------------
# A refused value is not in the message, but pydantic keeps it as the error's ``input``: whoever
# renders a validation error must leave that out.


def _resident_id(value: str) -> str:
    return parse_resident_id(value).number


ResidentId = Annotated[str, AfterValidator(_resident_id)]
CreditCode = Annotated[str, AfterValidator(parse_credit_code)]
RegionCode = Annotated[str, AfterValidator(parse_region)]
