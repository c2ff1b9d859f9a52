"""What two writings of one name have in common."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registry.duplicates.names import UNREADABLE, keys_of


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("單雄信", "单雄信"),  # traditional and simplified
        ("買買提·吐爾遜", "买买提•吐尔逊"),  # and the dots of minority names
        ("欧 阳 修", "欧阳修"),
        ("Ｗａｎｇ　Ｆａｎｇ", "wang fang"),  # full width
        ("王〓", "王□"),
    ],
)
def test_writings_of_one_name_are_one(one: str, other: str) -> None:
    assert keys_of(one).name == keys_of(other).name


@pytest.mark.parametrize(
    ("family", "sound"),
    [
        *[("单", "shan"), ("仇", "qiu"), ("曾", "zeng"), ("解", "xie"), ("查", "zha")],
        *[("朴", "piao"), ("区", "ou"), ("任", "ren"), ("尉迟", "yuchi"), ("万俟", "moqi")],
    ],
)
def test_family_names_are_read_as_such(family: str, sound: str) -> None:
    assert keys_of(family + "明华").family_sound == sound
    assert keys_of(family + "明华").family == family
    # the same character is read otherwise in a given name
    assert keys_of("王" + family).sound != "wang" + sound or (len(family) == 1 and sound == "ren")


@pytest.mark.parametrize("other", ["王㛃", "王jie", "WANG JIE", "王杰", "王洁", "wangjie"])
def test_what_sounds_the_same_does(other: str) -> None:
    """A rare character, spelled in pinyin, or another one of its sound."""
    assert keys_of(other).sound == keys_of("王婕").sound


def test_lü_is_not_lu() -> None:
    assert keys_of("吕芳").sound == keys_of("LYU FANG").sound == "lvfang"
    assert keys_of("卢芳").sound == "lufang"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("王小明", "小明王"),
        ("Wang Fang", "Fang Wang"),
        ("单雄信", "雄信单"),  # a family name that is read otherwise wherever it stands
        ("吐尔逊·买买提", "买买提·吐尔逊"),
    ],
)
def test_the_order_of_the_parts_does_not_matter_to_one_key(one: str, other: str) -> None:
    assert keys_of(one).unordered == keys_of(other).unordered
    assert keys_of(one).name != keys_of(other).name


@pytest.mark.parametrize(
    ("one", "other"), [("傅明", "付明"), ("萧红", "肖红"), ("赵未", "赵末"), ("己任", "已任")]
)
def test_look_alikes_have_one_shape(one: str, other: str) -> None:
    assert keys_of(one).shape == keys_of(other).shape


def test_the_parts_of_a_name() -> None:
    keys = keys_of("欧阳知夏")
    assert (keys.family, keys.given, keys.first, keys.second) == ("欧阳", "知夏", "知", "夏")
    assert (keys_of("王芳").first, keys_of("王芳").second) == (None, None)
    assert keys_of("王芳").unreadable == 0
    assert keys_of("王?").unreadable == 1
    assert keys_of("王*").name == "王" + UNREADABLE


@given(st.text(max_size=12))
def test_no_text_breaks_it_and_sounds_are_plain(written: str) -> None:
    keys = keys_of(written)
    assert keys.sound.isascii()
    assert keys_of(keys.name).name == keys.name
