"""Validation errors as sentences a clerk understands, without repeating what was typed."""

import re
from collections.abc import Sequence
from typing import Any

from shared.codes import CodeError

_FIELD = re.compile(r"[A-Za-z][A-Za-z_.-]{0,40}[0-9]{0,2}|[0-9]{1,4}")
_TELLING = ("union_tag_invalid",)  # the library's sentence would repeat the value

_CHINESE = {
    "missing": "必填",
    "extra_forbidden": "没有这个字段",
    "string_type": "应为文字",
    "string_too_short": "太短",
    "string_too_long": "太长",
    "string_unicode": "含有无效字符",
    "string_pattern_mismatch": "格式不符",
    "int_type": "应为整数",
    "int_parsing": "应为整数",
    "bool_type": "应为是或否",
    "bool_parsing": "应为是或否",
    "date_type": "应为日期,如 2026-01-31",
    "date_parsing": "应为日期,如 2026-01-31",
    "date_from_datetime_parsing": "应为日期,如 2026-01-31",
    "date_from_datetime_inexact": "应为日期,不带时间",
    "datetime_parsing": "应为时间,如 2026-01-31T08:00:00+08:00",
    "datetime_type": "应为时间,如 2026-01-31T08:00:00+08:00",
    "timezone_aware": "时间应带时区",
    "uuid_parsing": "编号格式不符",
    "uuid_type": "编号格式不符",
    "enum": "不在允许的取值之内",
    "literal_error": "不在允许的取值之内",
    "greater_than_equal": "太小",
    "less_than_equal": "太大",
    "greater_than": "太小",
    "less_than": "太大",
    "list_type": "应为列表",
    "too_long": "项数太多",
    "too_short": "项数太少",
    "model_type": "应为对象",
    "model_attributes_type": "应为对象",
    "dict_type": "应为对象",
    "union_tag_invalid": "不在允许的取值之内",
    "union_tag_not_found": "必填",
    "json_invalid": "不是有效的 JSON",
}


def field_errors(errors: Sequence[Any], language: str) -> list[dict[str, str]]:
    """`[{"field": "body.birth_date", "code": "date_parsing", "reason": …}]`, at most 20."""
    return [
        {
            "field": place(each["loc"]),
            "code": each["type"],
            "reason": _reason(each, language),
        }
        for each in errors[:20]
    ]


def place(loc: Sequence[Any]) -> str:
    """Where in the request, e.g. `body.spouses.0.name`. A member's name that is none of ours may
    be anything somebody typed, an id number too, and shows as `?`."""
    return ".".join(text if _FIELD.fullmatch(text := str(each)) else "?" for each in loc)


def _reason(error: Any, language: str) -> str:
    if error["type"] == "value_error":
        return _said(error.get("ctx", {}).get("error"), language)
    if language == "zh":
        return _CHINESE.get(error["type"], "内容不符合要求")
    return "Not one of the allowed values" if error["type"] in _TELLING else str(error["msg"])


def _said(error: object, language: str) -> str:
    """Our own validators say both: "中文 / English". Python's own name what they were given."""
    if isinstance(error, CodeError):
        return error.text.say(language)
    chinese, slash, english = str(error).partition(" / ")
    if not slash:
        return "内容不符合要求" if language == "zh" else "Not valid"
    return chinese if language == "zh" else english
