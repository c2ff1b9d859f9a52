"""A language is a file: its words, and the templates the service comes with."""

import json
from datetime import date, time
from pathlib import Path

import pytest
from pydantic import ValidationError

from services.notify.settings import Sending
from services.notify.templates.handlers import default_templates, load_defaults
from services.notify.templates.languages import language_of, languages, read_languages
from services.notify.templates.queries import find_approved
from services.notify.templates.wordings import Wording, dress_anew, wording_for
from tests.conftest import TxFactory

# Mongolian (mn) stands for any language; the words are not ours to vouch for, so none is shipped.
ANOTHER = {
    "opt_out": " R",
    "day": "{year}/{month}/{day}",
    "moment": "{day} {time}",
    "templates": [
        {
            "code": "help-rating",
            "version": 1,
            "kind": "notice",
            "purpose": "sms-reminders",
            "signature": "Yipan",
            "text": "№ {number}",
            "variables": {"number": "text"},
        }
    ],
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for tag, language in languages().items():
        (tmp_path / f"{tag}.json").write_text(language.model_dump_json(), "utf-8")
    (tmp_path / "mn.json").write_text(json.dumps(ANOTHER), "utf-8")
    (tmp_path / "notes.txt").write_text("no language", "utf-8")
    return tmp_path


def test_chinese_and_english_come_with_the_same_codes_for_people() -> None:
    codes: dict[str, set[str]] = {}
    for _, template in default_templates():
        if template.purpose != "official":
            codes.setdefault(template.language, set()).add(template.code)
    assert codes["zh-CN"] == codes["en"]


async def test_a_language_is_added_by_a_file(folder: Path, open_tx: TxFactory) -> None:
    known = read_languages(folder)
    assert set(known) == {"zh-CN", "en", "mn"}
    assert known["mn"].write_moment(date(2026, 2, 3), time(9, 5)) == "2026/2/3 09:05"
    async with open_tx("notify") as tx:
        await load_defaults(tx, known)
        approved = await find_approved(["help-rating", "arrival-welcome"], tx)
    chosen = approved.choose("help-rating", "mn")
    assert chosen is not None and chosen.text == "№ {number}"
    fallback = approved.choose("arrival-welcome", "mn")
    assert fallback is not None and fallback.language == "zh-CN"


def test_a_file_that_is_not_in_form_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mn.json").write_text(json.dumps({"day": "x"}), "utf-8")
    with pytest.raises(ValidationError):
        read_languages(tmp_path)


def test_a_language_without_a_file_borrows_words() -> None:
    assert language_of("zh-HK") == language_of("zh-CN")
    assert language_of("ug") == language_of("en")


class Text:
    signature, kind, language = "一盘", "promotion", "zh-CN"


SENDING = Sending.model_validate({"terms": {"cloud": {"opt_out": {"zh": ",退订回QX"}}}})


@pytest.mark.parametrize(
    ("provider", "signatures", "written"),
    [
        ("cloud", {}, "【一盘】问候,退订回QX"),
        ("cloud", {"cloud": "房县卫健"}, "【房县卫健】问候,退订回QX"),
        ("other", {"other": "房县卫健"}, "【房县卫健】问候,拒收请回复R"),
        ("other", {}, "【一盘】问候,拒收请回复R"),
    ],
)
def test_a_provider_signs_in_its_own_way(
    provider: str, signatures: dict[str, str], written: str
) -> None:
    text = Text()
    own = wording_for(text, provider, signatures, SENDING)
    plain = wording_for(text, "", {}, SENDING)
    assert own.dress("问候") == written
    assert dress_anew(plain.dress("问候"), plain, own) == written


def test_what_is_dressed_otherwise_stays_as_it_is() -> None:
    now, then = Wording("甲乙", "notice", "zh-CN"), Wording("丙丁", "notice", "zh-CN")
    assert dress_anew("【戊己】文", now, then) == "【戊己】文"
    assert dress_anew("【甲乙】", now, then) == "【丙丁】"
