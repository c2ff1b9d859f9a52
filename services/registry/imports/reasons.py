"""Why a line or a file is refused: stable codes, and what a clerk reads (拒收原因)."""

from enum import StrEnum

from shared.problems import Text
from shared.sheets_in import LINE_FAULT_TEXT, SHEET_FAILURE_TEXT


class Reason(StrEnum):
    """Why one line was refused. Codes never change their meaning."""

    COLUMN_COUNT = "column-count"
    ENCODING = "encoding"
    LINE_TOO_LONG = "line-too-long"
    QUOTING = "quoting"
    CONTROL_CHARACTERS = "control-characters"
    CELL_TOO_LONG = "cell-too-long"
    CELL_TYPE = "cell-type"
    NUMERIC_ID = "numeric-id"
    FORMULA = "formula"
    NAME_MISSING = "name-missing"
    NAME = "name"
    ID_MISSING = "id-missing"
    ID_LENGTH = "id-length"
    ID_CHARACTERS = "id-characters"
    CHECK_DIGIT = "check-digit"
    BIRTH_DATE = "birth-date"
    FUTURE = "future"
    SEX = "sex"
    SEX_CONTRADICTS_ID = "sex-contradicts-id"
    BIRTH_DATE_CONTRADICTS_ID = "birth-date-contradicts-id"
    NATIONALITY = "nationality"
    HUKOU_MISSING = "hukou-missing"
    REGION = "region"
    UNKNOWN_REGION = "unknown-region"
    ABOLISHED_REGION = "abolished-region"
    OUTSIDE_JURISDICTION = "outside-jurisdiction"
    KIND = "kind"
    RELATION = "relation"
    HEAD_MISSING = "head-missing"
    SECOND_HEAD = "second-head"
    HOUSEHOLD_ELSEWHERE = "household-elsewhere"
    USE = "use"
    ROOM = "room"
    DWELLING_OUTSIDE = "dwelling-outside"
    HOME_CLOSED = "home-closed"
    PHONE = "phone"
    SINCE = "since"
    SINCE_FUTURE = "since-future"
    SINCE_BEFORE_BIRTH = "since-before-birth"
    DUPLICATE_ID = "duplicate-id"
    DUPLICATE_PERSON = "duplicate-person"
    TWO_RESIDENCES = "two-residences"
    ALREADY_REGISTERED = "already-registered"
    NUMBER_TO_ADD = "number-to-add"
    CHILD_OLDER = "child-older"  # the line is entered and pointed out


REASON_TEXT: dict[Reason, Text] = {
    **{Reason(fault.value): text for fault, text in LINE_FAULT_TEXT.items()},
    Reason.CONTROL_CHARACTERS: Text("含有不可见字符", "It holds invisible characters"),
    Reason.CELL_TOO_LONG: Text("内容过长", "The text is too long"),
    Reason.NAME_MISSING: Text("没有姓名", "The name is missing"),
    Reason.NAME: Text("姓名中有不应出现的符号", "The name holds symbols that names do not have"),
    Reason.ID_MISSING: Text(
        "没有身份证号:无证件的人须填写户号、性别和出生日期",
        "The id number is missing: for somebody without one, fill in household number, sex and"
        " birth date",
    ),
    Reason.ID_LENGTH: Text("身份证号应为 18 位", "An id number has 18 characters"),
    Reason.ID_CHARACTERS: Text(
        "身份证号含有不允许的字符", "The id number holds a character that is not allowed"
    ),
    Reason.CHECK_DIGIT: Text(
        "身份证号校验码不符,请核对", "The check digit of the id number does not match"
    ),
    Reason.BIRTH_DATE: Text(
        "出生日期不存在,应如 1990-01-31", "There is no such birth date; write 1990-01-31"
    ),
    Reason.FUTURE: Text("出生日期晚于今天", "The birth date is after today"),
    Reason.SEX: Text("性别应为 1、2 或 男、女", "Sex is 1 or 男, 2 or 女"),
    Reason.SEX_CONTRADICTS_ID: Text("性别与身份证号不符", "The sex contradicts the id number"),
    Reason.BIRTH_DATE_CONTRADICTS_ID: Text(
        "出生日期与身份证号不符", "The birth date contradicts the id number"
    ),
    Reason.NATIONALITY: Text(
        "民族应为 GB/T 3304 的两位代码,如 01", "Nationality is two digits of GB/T 3304, as 01"
    ),
    Reason.HUKOU_MISSING: Text("没有户籍地", "The place of the household register is missing"),
    Reason.REGION: Text(
        "区划代码应为 6 至 12 位数字", "A region code has 6 to 12 digits, county or smaller"
    ),
    Reason.UNKNOWN_REGION: Text("区划代码不存在", "There is no region of this code"),
    Reason.ABOLISHED_REGION: Text(
        "此区划代码已撤销,请改用现行代码",
        "The region of this code was abolished; use the code of today",
    ),
    Reason.OUTSIDE_JURISDICTION: Text(
        "户籍地和居住地都不在您的辖区",
        "Neither household register nor home is in your jurisdiction",
    ),
    Reason.KIND: Text("居住类型应为 常住 或 流动", "Kind of residence is 常住 or 流动"),
    Reason.RELATION: Text(
        "有户号时,与户主关系应为 0 至 8(GB/T 4761)",
        "With a household number goes the relation to the head, 0 to 8 (GB/T 4761)",
    ),
    Reason.HEAD_MISSING: Text(
        "本户没有可用的户主行:请先改正户主,再把全户一起导入",
        "No line of the household's head could be taken: mend it and import the household again",
    ),
    Reason.SECOND_HEAD: Text("本户已有户主", "The household already has a head"),
    Reason.HOUSEHOLD_ELSEWHERE: Text(
        "此户号已由县内其他区域登记", "Another area of the county has this household number"
    ),
    Reason.USE: Text(
        "房屋用途应为 自住、出租、宿舍、工地 或 商铺",
        "Use of the dwelling is 自住, 出租, 宿舍, 工地 or 商铺",
    ),
    Reason.ROOM: Text("房屋编号和房间号应同时填写", "Dwelling number and room number go together"),
    Reason.DWELLING_OUTSIDE: Text(
        "房屋应在您辖区内的居住地;住在外地的人请留空",
        "A dwelling lies in the place of residence, in your jurisdiction; leave it empty for"
        " somebody who lives elsewhere",
    ),
    Reason.HOME_CLOSED: Text(
        "此房屋或房间已停用或拆除", "This building or room was closed or torn down"
    ),
    Reason.PHONE: Text("不是 11 位手机号", "Not a mobile number of 11 digits"),
    Reason.DUPLICATE_ID: Text(
        "文件前面已有此身份证号", "An earlier line of the file has this id number"
    ),
    Reason.SINCE: Text(
        "居住起始日应如 2020-05-01,且须有居住地",
        "Since when she lives there is written 2020-05-01, and needs a place of residence",
    ),
    Reason.SINCE_FUTURE: Text("居住起始日晚于今天", "The residence begins after today"),
    Reason.SINCE_BEFORE_BIRTH: Text(
        "居住起始日早于出生日期", "The residence begins before she was born"
    ),
    Reason.DUPLICATE_PERSON: Text(
        "文件前面同一户已有同名且同日出生的人",
        "An earlier line of the household has this name and birth date",
    ),
    Reason.TWO_RESIDENCES: Text(
        "文件前面已有此人且居住地不同:一个人只有一个现居住地",
        "An earlier line has this person living elsewhere: somebody lives in one place",
    ),
    Reason.NUMBER_TO_ADD: Text(
        "此人已按无证件登记:请在登记簿中补录身份证号",
        "This person is registered without a number: add the number to the record",
    ),
    Reason.CHILD_OLDER: Text(
        "子女不比户主或其配偶年轻:已导入,请核对关系和出生日期",
        "A child is not younger than the head or the spouse: taken in; compare relation and birth"
        " dates",
    ),
    Reason.ALREADY_REGISTERED: Text(
        "此人已登记且内容不同:请核对后在登记簿中更正",
        "This person is registered with other data: compare, and correct the record itself",
    ),
}


class Failure(StrEnum):
    """Why a whole file was refused, or its import given up."""

    EMPTY = "empty"
    HEADERS = "headers"
    ENCODING = "file-encoding"
    UNREADABLE = "unreadable"
    TOO_LARGE_INSIDE = "too-large-inside"
    MACROS = "macros"
    DAMAGED = "damaged"
    GIVEN_UP = "given-up"


FAILURE_TEXT: dict[Failure, Text] = {
    **{Failure(failure.value): text for failure, text in SHEET_FAILURE_TEXT.items()},
    Failure.HEADERS: Text(
        "表头不符:请使用规定的 16 列及其顺序,其后可加居住起始日",
        "The header is not the agreed one of 16 columns in their order, perhaps with the day the"
        " residence began behind them",
    ),
    Failure.DAMAGED: Text(
        "文件在保存中损坏:已导入的行保留,请重新上传整个文件",
        "The stored file is damaged: lines taken in by then stay; upload the whole file again",
    ),
    Failure.GIVEN_UP: Text(
        "多次处理失败,已停止:已导入的行保留,可以重试;再失败请联系管理员",
        "Given up after several tries: lines taken in by then stay; try again, and ask the operator"
        " if that fails",
    ),
}
