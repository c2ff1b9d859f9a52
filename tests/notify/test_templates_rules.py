"""What a template may say, and how it is filled."""

import re

import pytest
from pydantic import ValidationError

from services.notify.errors import WrongVariables
from services.notify.templates.handlers import default_templates
from services.notify.templates.rules import clean_signature, compose, fill
from services.notify.templates.schemas import WriteTemplate
from services.notify.templates.variables import VariableType
from tests.notify.samples import make_template

TYPES = {
    "who": VariableType.TEXT,
    "on": VariableType.DATE,
    "at": VariableType.DATETIME,
    "n": VariableType.NUMBER,
}
VALUES: dict[str, str | int] = {
    "who": "窗口",
    "on": "2026-02-03",
    "at": "2026-02-03T01:05:00Z",
    "n": 7,
}
TEXT = "{who} {on} {at} {n}"


def test_dates_are_written_as_the_language_writes_them() -> None:
    assert fill(TEXT, TYPES, VALUES, "zh-CN") == "窗口 2026年2月3日 2026年2月3日09:05 7"
    assert fill(TEXT, TYPES, VALUES, "en") == "窗口 2026-02-03 2026-02-03 09:05 7"


@pytest.mark.parametrize(
    ("change", "member", "name"),
    [
        ({"extra": "x"}, "unknown", "extra"),
        ({"on": "3 February"}, "wrong", "on"),
        ({"at": "2026-02-03T01:05:00"}, "wrong", "at"),
        ({"n": "many"}, "wrong", "n"),
        ({"who": "打13900000001"}, "wrong", "who"),
        ({"who": "420325199001011234"}, "wrong", "who"),
        ({"who": "【别的单位】"}, "wrong", "who"),
        ({"who": "长" * 41}, "wrong", "who"),
        ({"who": 3}, "wrong", "who"),
        ({"who": "\u202e"}, "wrong", "who"),
    ],
)
def test_wrong_variables_are_named(change: dict[str, str | int], member: str, name: str) -> None:
    with pytest.raises(WrongVariables) as caught:
        fill(TEXT, TYPES, VALUES | change, "zh-CN")
    assert caught.value.extra[member] == [name]


def test_a_missing_variable_is_named() -> None:
    with pytest.raises(WrongVariables) as caught:
        fill(TEXT, TYPES, {}, "zh-CN")
    assert caught.value.extra["missing"] == ["at", "n", "on", "who"]


def test_a_value_is_not_filled_again() -> None:
    types = {"a": VariableType.TEXT, "b": VariableType.TEXT}
    assert fill("{a}{b}", types, {"a": "{b}", "b": "x"}, "zh-CN") == "{b}x"


def test_promotion_says_how_to_refuse_it() -> None:
    assert compose("一盘", "问候", "promotion", "zh-CN").endswith("拒收请回复R")
    assert compose("Yipan", "Hi", "promotion", "en").endswith("Reply R to stop")
    assert compose("一盘", "问候", "notice", "zh-CN") == "【一盘】问候"


@pytest.mark.parametrize(
    "change",
    [
        {"text": "没有变量"},
        {"text": "{service}{at}{more}"},
        {"text": "{service}{at} {"},
        {"text": "{service}{at}【另一单位】"},
        {"text": "{service}{at}请打13900000001"},
        {"signature": "【】"},
        {"purpose": "official"},
        {"code": "Not A Slug"},
        {"kind": "loud"},
        {"variables": {"service": "name", "at": "datetime"}},
    ],
)
def test_a_template_that_must_not_be(change: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        WriteTemplate.model_validate(make_template(**change))


def test_a_signature_loses_its_brackets_once() -> None:
    assert clean_signature("【测试县便民中心】") == "测试县便民中心"


def test_default_templates_hold_no_forbidden_word() -> None:
    """Rights line 1: beside the registered birth, nothing of fertility."""
    words = re.compile(
        "避孕|节育|结扎|上环|孕检|怀孕|妊娠|计生|生育证|二孩|三孩|社会抚养费|处罚|流产"
        "|contracepti|pregnan|steriliz|fertility|quota|penalt|abort",
        re.IGNORECASE,
    )
    loaded = [template for _, template in default_templates()]
    assert {"birth-registered", "arrival-welcome", "appointment-reminder", "weekly-digest"} <= {
        each.code for each in loaded
    }
    assert not [each.code for each in loaded if words.search(each.text)]


def test_official_texts_hold_counts_only() -> None:
    (digest,) = [each for _, each in default_templates() if each.purpose == "official"]
    assert VariableType.TEXT not in digest.variables.values()
