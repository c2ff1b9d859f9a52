"""Why a line came out as it did, and why a file is refused: stable codes, and what people read."""

from enum import StrEnum
from typing import Final

from shared.problems import Text
from shared.sheets_in import LINE_FAULT_TEXT, SHEET_FAILURE_TEXT


class Outcome(StrEnum):
    """What a line is to the register."""

    NEW = "new"  # 新增
    CHANGED = "changed"  # 变更
    UNCHANGED = "unchanged"  # 一致
    CONFLICTING = "conflicting"  # 冲突
    REJECTED = "rejected"  # 拒收


OUTCOME_TEXT: Final = {
    Outcome.NEW: Text("新增", "new"),
    Outcome.CHANGED: Text("变更", "changed"),
    Outcome.UNCHANGED: Text("一致", "unchanged"),
    Outcome.CONFLICTING: Text("冲突", "conflicting"),
    Outcome.REJECTED: Text("拒收", "rejected"),
}


class Reason(StrEnum):
    """Codes never change their meaning."""

    # the form of the line: rejected
    COLUMN_COUNT = "column-count"
    ENCODING = "encoding"
    LINE_TOO_LONG = "line-too-long"
    QUOTING = "quoting"
    CELL_TOO_LONG = "cell-too-long"
    CELL_TYPE = "cell-type"
    NUMERIC_ID = "numeric-id"
    FORMULA = "formula"
    CONTROL_CHARACTERS = "control-characters"
    NOT_AN_OBJECT = "not-an-object"
    NESTED = "nested"
    DUPLICATE_KEY = "duplicate-key"
    NUMBER_SIZE = "number-size"
    # its values: rejected
    MISSING = "missing"
    NAME = "name"
    ID_LENGTH = "id-length"
    ID_CHARACTERS = "id-characters"
    ID_BIRTH_DATE = "id-birth-date"
    ID_FUTURE = "id-future"
    CHECK_DIGIT = "check-digit"
    DATE = "date"
    TOO_EARLY = "too-early"
    FUTURE = "future"
    SEX = "sex"
    REGION = "region"
    UNKNOWN_REGION = "unknown-region"
    AMBIGUOUS_REGION = "ambiguous-region"
    ABOLISHED_REGION = "abolished-region"
    OUTSIDE_JURISDICTION = "outside-jurisdiction"
    CODE = "code"
    NUMBER = "number"
    CHILD_OLDER = "child-older"
    BEFORE_BIRTH = "before-birth"
    ONE_PERSON_TWICE = "one-person-twice"
    NOTHING_CHANGES = "nothing-changes"
    NOBODY_NAMED = "nobody-named"
    ANOTHER_BIRTH_DATE = "another-birth-date"
    # beside the register: unchanged
    REPEATED_IN_FILE = "repeated-in-file"
    SAID_BEFORE = "said-before"
    REGISTERED_ALREADY = "registered-already"
    REPORTED_ALREADY = "reported-already"
    # beside the register: conflicting
    CONTRADICTED_IN_FILE = "contradicted-in-file"
    NAME_DIFFERS = "name-differs"
    DATE_DIFFERS = "date-differs"
    REGISTERED_OTHERWISE = "registered-otherwise"
    UNKNOWN_PERSON = "unknown-person"
    SEVERAL_PERSONS = "several-persons"
    RECORDED_DEAD = "recorded-dead"
    HUKOU_DIFFERS = "hukou-differs"
    LATER_MOVE = "later-move"
    LIVES_ELSEWHERE = "lives-elsewhere"
    NUMBER_TAKEN = "number-taken"
    REFUSED_BY_REGISTER = "refused-by-register"


REASON_TEXT: Final[dict[Reason, Text]] = {
    **{Reason(fault.value): text for fault, text in LINE_FAULT_TEXT.items()},
    Reason.CELL_TOO_LONG: Text("内容过长", "The text is too long"),
    Reason.CONTROL_CHARACTERS: Text("含有不可见字符", "It holds invisible characters"),
    Reason.NOT_AN_OBJECT: Text("数组中的一项不是对象", "An item of the array is not an object"),
    Reason.NESTED: Text("字段值不能是数组或对象", "A value is an array or an object"),
    Reason.DUPLICATE_KEY: Text("同一字段出现两次", "A key is there twice"),
    Reason.NUMBER_SIZE: Text("数值无效或过大", "A number is none, or too large"),
    Reason.MISSING: Text("缺少必填内容", "A required value is missing"),
    Reason.NAME: Text("姓名中有不应出现的符号", "The name holds symbols that names do not have"),
    Reason.ID_LENGTH: Text("身份证号应为 18 位", "An id number has 18 characters"),
    Reason.ID_CHARACTERS: Text(
        "身份证号含有不允许的字符", "The id number holds a character that is not allowed"
    ),
    Reason.ID_BIRTH_DATE: Text(
        "身份证号中的出生日期不存在或早于 1880 年",
        "The birth date in the id number does not exist, or is before 1880",
    ),
    Reason.ID_FUTURE: Text(
        "身份证号中的出生日期晚于今天", "The birth date in the id number is after today"
    ),
    Reason.CHECK_DIGIT: Text(
        "身份证号校验码不符,请核对", "The check digit of the id number does not match"
    ),
    Reason.DATE: Text("日期不存在,应如 2024-01-31", "There is no such date; write 2024-01-31"),
    Reason.TOO_EARLY: Text("日期早于 1880 年", "The date is before 1880"),
    Reason.FUTURE: Text("日期晚于今天", "The date is after today"),
    Reason.SEX: Text(
        "性别应为 GB/T 2261.1 代码或 男、女", "Sex is a code of GB/T 2261.1, or 男, 女"
    ),
    Reason.REGION: Text(
        "区划应为 6 至 12 位代码或名称", "A region is a code of 6 to 12 digits, or a name"
    ),
    Reason.UNKNOWN_REGION: Text("没有这个区划", "There is no such region"),
    Reason.AMBIGUOUS_REGION: Text(
        "有多个同名区划,请填写代码", "Several regions have this name: write the code"
    ),
    Reason.ABOLISHED_REGION: Text(
        "此区划在该日期之前已撤销", "The region was abolished before that date"
    ),
    Reason.OUTSIDE_JURISDICTION: Text("不在本批次的辖区内", "Outside the batch's jurisdiction"),
    Reason.CODE: Text("代码不在对照表中", "The code is not in the profile's table"),
    Reason.NUMBER: Text("应为 1 至 9 的整数", "A whole number from 1 to 9 is needed"),
    Reason.CHILD_OLDER: Text("子女不晚于母亲出生", "The child is not younger than the mother"),
    Reason.BEFORE_BIRTH: Text("早于本人出生日期", "It is before the person's own birth"),
    Reason.ONE_PERSON_TWICE: Text("两人身份证号相同", "Both are the same id number"),
    Reason.NOTHING_CHANGES: Text("没有变更内容", "The line changes nothing"),
    Reason.NOBODY_NAMED: Text(
        "应有本人或母亲的身份证号", "The person's or the mother's id number is needed"
    ),
    Reason.ANOTHER_BIRTH_DATE: Text(
        "新旧号码或出生日期不是同一天出生", "The numbers or dates are of different birth dates"
    ),
    Reason.REPEATED_IN_FILE: Text("与本文件前面一行重复", "An earlier line says the same"),
    Reason.SAID_BEFORE: Text("以前的批次已报", "An earlier batch said the same"),
    Reason.REGISTERED_ALREADY: Text("与登记一致", "The register says so already"),
    Reason.REPORTED_ALREADY: Text(
        "其他单位已报同一事项,已归并", "Another office reported the same; folded into one"
    ),
    Reason.CONTRADICTED_IN_FILE: Text(
        "与本文件前面一行矛盾", "An earlier line of the file says otherwise"
    ),
    Reason.NAME_DIFFERS: Text("姓名与登记不符", "The name differs from the register's"),
    Reason.DATE_DIFFERS: Text("日期与登记不符", "The date differs from the register's"),
    Reason.REGISTERED_OTHERWISE: Text(
        "此事项已按另一内容登记或上报", "It is registered or reported otherwise"
    ),
    Reason.UNKNOWN_PERSON: Text("登记中查无此人", "Nobody of this number is registered"),
    Reason.SEVERAL_PERSONS: Text("符合的人不止一位", "More than one person fits"),
    Reason.RECORDED_DEAD: Text("此人已登记死亡", "The register has this person as deceased"),
    Reason.HUKOU_DIFFERS: Text(
        "迁出地与登记的户籍地不符", "The register has another household register than the line"
    ),
    Reason.LATER_MOVE: Text("登记中有更晚的迁移", "The register knows of a later move"),
    Reason.LIVES_ELSEWHERE: Text(
        "登记的居住地在其他区县", "The register has a home in another county"
    ),
    Reason.NUMBER_TAKEN: Text("新号码已属于另一记录", "The new number belongs to another record"),
    Reason.REFUSED_BY_REGISTER: Text("登记时未能办理", "The register could not take it"),
}


class Failure(StrEnum):
    """Why a whole file was refused."""

    EMPTY = "empty"
    COLUMNS = "columns"
    REPEATED_COLUMNS = "repeated-columns"
    ENCODING = "file-encoding"
    UNREADABLE = "unreadable"
    TOO_LARGE_INSIDE = "too-large-inside"
    MACROS = "macros"
    JSON = "json"
    NOT_A_LIST = "not-a-list"


FAILURE_TEXT: Final[dict[Failure, Text]] = {
    **{Failure(failure.value): text for failure, text in SHEET_FAILURE_TEXT.items()},
    Failure.COLUMNS: Text("缺少必需的列", "Columns that the profile needs are missing"),
    Failure.REPEATED_COLUMNS: Text("有两列含义相同", "Two columns mean the same"),
    Failure.JSON: Text("不是有效的 JSON", "Not valid JSON"),
    Failure.NOT_A_LIST: Text("JSON 应为对象的数组", "The JSON should be an array of objects"),
}


class Fault(Exception):
    """Why a line is rejected, and the field at fault where there is one."""

    def __init__(self, reason: Reason, column: str | None = None) -> None:
        super().__init__(reason.value)
        self.reason = reason
        self.column = column


class FileRefused(Exception):
    """Nothing of the file can be used; `columns` are those missing or repeated, `line` where the
    trouble is, if it is in one place."""

    def __init__(
        self, failure: Failure, columns: list[str] | None = None, line: int | None = None
    ) -> None:
        super().__init__(failure.value)
        self.failure = failure
        self.columns = columns or []
        self.line = line
