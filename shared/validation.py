"""Validation errors as sentences a clerk understands, without repeating what was typed."""

from collections.abc import Sequence
from typing import Any

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
    "json_invalid": "不是有效的 JSON",
}


def field_errors(errors: Sequence[Any], language: str) -> list[dict[str, str]]:
    """`[{"field": "body.birth_date", "code": "date_parsing", "reason": …}]`, at most 20."""
    return [
        {
            "field": ".".join(map(str, each["loc"])),
            "code": each["type"],
            "reason": _reason(each, language),
        }
        for each in errors[:20]
    ]


def _reason(error: Any, language: str) -> str:
    if error["type"] == "value_error":  # our own validators say both: "中文 / English"
        said = str(error.get("ctx", {}).get("error", error["msg"]))
        chinese, slash, english = said.partition(" / ")
        return (chinese if language == "zh" else english) if slash else said
    if language == "zh":
        return _CHINESE.get(error["type"], "内容不符合要求")
    return str(error["msg"])
