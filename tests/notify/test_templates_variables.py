"""Each type of variable: how it is written, and what is refused for which reason."""

import pytest

from services.notify.errors import WrongVariables
from services.notify.templates.rules import fill
from services.notify.templates.screening import SAID, Fault, allowed_hosts
from services.notify.templates.variables import Value, VariableType

HOST = sorted(allowed_hosts())[0]


def filled(kind: str, value: Value, language: str = "zh-CN") -> str:
    choices = {"v": {"morning": "上午", "afternoon": "下午"}} if kind == "choice" else {}
    return fill("{v}", {"v": VariableType(kind)}, {"v": value}, language, choices)


@pytest.mark.parametrize(
    ("kind", "value", "written"),
    [
        ("text", "二楼  大厅", "二楼 大厅"),
        ("text", "卫生室(3 号楼).请带证件", "卫生室(3 号楼).请带证件"),
        ("text", "Town Hall.Second floor, No.3", "Town Hall.Second floor, No.3"),
        ("text", "ᠮᠣᠩᠭᠣᠯ བོད་ཡིག", "ᠮᠣᠩᠭᠣᠯ བོད་ཡིག"),
        ("date", "2026-02-03", "2026年2月3日"),
        ("time", "09:05", "09:05"),
        ("datetime", "2026-02-03T01:05:00Z", "2026年2月3日09:05"),
        ("number", 7, "7"),
        ("number", "-12", "-12"),
        ("phone", "12345", "12345"),
        ("phone", "０７１９-３２２１２３４", "0719-3221234"),
        ("phone", "0719 3221234", "07193221234"),
        ("phone", "400-123-4567", "400-123-4567"),
        ("link", f"https://{HOST}/a/b?c=1", f"https://{HOST}/a/b?c=1"),
        ("choice", "morning", "上午"),
    ],
)
def test_what_is_written(kind: str, value: Value, written: str) -> None:
    assert filled(kind, value) == written


@pytest.mark.parametrize(
    ("kind", "value", "reason"),
    [
        # control, direction and invisible characters, half characters
        ("text", "a\x00b", Fault.CONTROL),
        ("text", "a\x1bb", Fault.CONTROL),
        ("text", "\ue000", Fault.CONTROL),
        ("text", "abc\u202edef", Fault.DIRECTION),
        ("text", "abc\u2066def\u2069", Fault.DIRECTION),
        ("text", "abc\u200f", Fault.DIRECTION),
        ("text", "\u061c", Fault.DIRECTION),
        ("text", "大\u200b厅", Fault.INVISIBLE),
        ("text", "大\u200d厅", Fault.INVISIBLE),
        ("text", "\ufeff大厅", Fault.INVISIBLE),
        ("text", "大\u00ad厅", Fault.INVISIBLE),
        ("text", "\u3164", Fault.INVISIBLE),
        ("text", "a\u2800b", Fault.INVISIBLE),
        ("text", "x\ud83d", Fault.SURROGATE),
        ("text", "\ude00x", Fault.SURROGATE),
        ("date", "2026-02-03\u200b", Fault.INVISIBLE),
        # somebody's data
        ("text", "打13900000001", Fault.IDENTIFIER),
        ("text", "打１３９００００００01", Fault.IDENTIFIER),
        ("text", "139 0000 0001", Fault.IDENTIFIER),
        ("text", "+86-139-0000-0001", Fault.IDENTIFIER),
        ("text", "420325199001011234", Fault.IDENTIFIER),
        ("text", "420325 19900101 123X", Fault.IDENTIFIER),
        ("text", "420325900101123", Fault.IDENTIFIER),
        ("text", "6222 0200 0000 0000 123", Fault.IDENTIFIER),
        ("text", "护照E12345678", Fault.IDENTIFIER),
        ("text", "王小明先生", Fault.ADDRESSED),
        ("text", "Mr. Wang", Fault.ADDRESSED),
        # links and what looks like one
        ("text", "see www.example.org", Fault.LINK),
        ("text", "http://a", Fault.LINK),
        ("text", "ab.cn/x", Fault.LINK),
        ("text", "政务.中国", Fault.LINK),
        ("text", "example.museum/x", Fault.LINK),
        ("text", "到 Example.CN 看", Fault.LINK),
        ("text", "example。com", Fault.LINK),
        ("text", "example．com", Fault.LINK),
        ("text", "ｅｘａｍｐｌｅ.com", Fault.LINK),
        ("text", "p\u0430ypal", Fault.LOOK_ALIKE),
        ("text", "g\u03bfv", Fault.LOOK_ALIKE),
        ("link", f"http://{HOST}/", Fault.HOST),
        ("link", "https://example.org/", Fault.HOST),
        ("link", f"https://{HOST}.example.org/", Fault.HOST),
        ("link", f"https://{HOST}@example.org/", Fault.HOST),
        ("link", f"https://example.org/https://{HOST}/", Fault.HOST),
        ("link", f"https://{HOST}:8443/", Fault.HOST),
        ("link", f"https://{HOST}\\@example.org", Fault.HOST),
        ("link", f"https://{HOST.upper()}/", Fault.HOST),
        ("link", f"https://{HOST.replace('.', '．')}/", Fault.LOOK_ALIKE),
        ("link", f"https://{HOST.replace('o', chr(0x43E))}/", Fault.LOOK_ALIKE),
        ("link", "https://xn--80ak6aa92e.com/", Fault.LOOK_ALIKE),
        ("link", f"https://{HOST}/" + "a" * 120, Fault.TOO_LONG),
        # forms
        ("text", "【别的单位】", Fault.BRACKET),
        ("text", "长" * 41, Fault.TOO_LONG),
        ("text", " ", Fault.EMPTY),
        ("text", 3, Fault.NOT_TEXT),
        ("date", "3 February", Fault.NOT_A_DAY),
        ("date", "2026-02-30", Fault.NOT_A_DAY),
        ("date", "20260203", Fault.NOT_A_DAY),
        ("time", "24:00", Fault.NOT_A_TIME),
        ("time", "9:5", Fault.NOT_A_TIME),
        ("datetime", "2026-02-03T01:05:00", Fault.NOT_A_MOMENT),
        ("datetime", "0001-01-01T00:00:00+14:00", Fault.NOT_A_MOMENT),
        ("number", "many", Fault.NOT_A_NUMBER),
        ("number", "1_000", Fault.NOT_A_NUMBER),
        ("number", "１２", Fault.NOT_A_NUMBER),
        ("number", True, Fault.NOT_A_NUMBER),
        ("number", 13900000001, Fault.NOT_A_NUMBER),
        ("number", 10**400, Fault.NOT_A_NUMBER),
        ("phone", "13900000001", Fault.NOT_AN_OFFICE),
        ("phone", "+85221234567", Fault.NOT_AN_OFFICE),
        ("phone", "0719-322", Fault.NOT_AN_OFFICE),
        ("choice", "evening", Fault.NOT_A_CHOICE),
    ],
)
def test_what_is_refused_and_why(kind: str, value: Value, reason: Fault) -> None:
    with pytest.raises(WrongVariables) as caught:
        filled(kind, value)
    problem = caught.value
    assert problem.extra["wrong"] == ["v"]
    assert problem.extra["reasons"] == {"v": reason}
    assert SAID[reason].zh in problem.body("zh")["detail"]
    assert SAID[reason].en in problem.body("en")["detail"]
    assert str(value)[:100] not in str(problem.body("zh")) or len(str(value)) < 3


def test_pieces_do_not_make_a_number_or_a_link() -> None:
    number = {"a": VariableType.NUMBER, "b": VariableType.NUMBER}
    with pytest.raises(WrongVariables) as caught:
        fill("{a}{b}", number, {"a": 13900, "b": "900001"}, "zh-CN")
    assert caught.value.extra["reasons"]["a"] == Fault.IDENTIFIER
    word = {"a": VariableType.TEXT, "b": VariableType.TEXT}
    with pytest.raises(WrongVariables) as caught:
        fill("{a}.{b}", word, {"a": "example", "b": "com"}, "zh-CN")
    assert caught.value.extra["reasons"]["b"] == Fault.HOST


def test_each_reason_is_said_in_both_languages() -> None:
    assert set(SAID) == set(Fault)
    assert all(each.zh and each.en for each in SAID.values())
