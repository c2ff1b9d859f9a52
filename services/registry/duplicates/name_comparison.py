"""How two names are compared (姓名比对): see comparisons.py for what the numbers are."""

from typing import Final

from services.registry.duplicates.levels import Comparison, Level, always, equal, same
from services.registry.duplicates.rules import Record, within_one
from shared.problems import Text


def _unreadable(one: Record, other: Record) -> bool:
    """One has a box where the other has a character, and all else is equal."""
    return (
        one.unreadable != other.unreadable
        and len(one.name) == len(other.name)
        and sum(a != b for a, b in zip(one.name, other.name, strict=True)) == 1
    )


_UNREADABLE_SQL: Final = (
    "unreadable_l <> unreadable_r AND length(name_l) = length(name_r) AND length(name_l) <= 8 AND "
    + " + ".join(
        f"(CASE WHEN substr(name_l, {n}, 1) = substr(name_r, {n}, 1) THEN 0 ELSE 1 END)"
        for n in range(1, 9)
    )
    + " = 1"
)


def cut_short(one: Record, other: Record) -> bool:
    short, long = sorted((one.name, other.name), key=len)
    return len(short) >= 3 and len(long) > len(short) and long.startswith(short)


CUT_SHORT_SQL: Final = (
    "length(name_l) >= 3 AND length(name_r) >= 3 AND length(name_l) <> length(name_r) AND"
    " (substr(name_l, 1, length(name_r)) = name_r OR substr(name_r, 1, length(name_l)) = name_l)"
)


def _one_character(one: Record, other: Record) -> bool:
    return (
        same("family")(one, other)
        and None not in (one.first, other.first, one.second, other.second)
        and (one.first == other.first) != (one.second == other.second)
    )


_ONE_CHARACTER_SQL: Final = (
    "family_l = family_r AND ((first_l = first_r AND second_l <> second_r)"
    " OR (first_l <> first_r AND second_l = second_r))"
)


def _given_alone(one: Record, other: Record) -> bool:
    return same("given")(one, other) and one.given != ""


NAME: Final = Comparison(
    "name",
    Text("姓名", "Name"),
    (
        Level(
            "same-name",
            Text("同名", "same name"),
            equal("name"),
            same("name"),
            m=0.78,
            u=5e-4,  # a county's most common names; each name's own frequency takes its place
            frequency_of="name",
        ),
        Level(
            "name-character-unreadable",
            Text("姓名仅缺一个生僻字", "same name but for a character shown as a box"),
            _UNREADABLE_SQL,
            lambda one, other: len(one.name) <= 8 and _unreadable(one, other),
            m=0.01,
            u=2e-5,
        ),
        Level(
            "name-sounds-the-same",
            Text("姓名同音（或以拼音书写）", "names sound the same, or one is spelled out"),
            equal("sound"),
            same("sound"),
            m=0.06,
            u=8e-4,
            frequency_of="sound",
        ),
        Level(
            "name-looks-the-same",
            Text("姓名形近", "names look alike"),
            equal("shape"),
            same("shape"),
            m=0.02,
            u=3e-4,
        ),
        Level(
            "name-order-differs",
            Text("姓与名次序不同", "the parts of the name stand in another order"),
            equal("unordered"),
            same("unordered"),
            m=0.02,
            u=1e-4,
        ),
        Level(
            "name-cut-short",
            Text("一方姓名不全", "one name is the beginning of the other"),
            CUT_SHORT_SQL,
            cut_short,
            m=0.01,
            u=1e-4,
        ),
        Level(
            "name-sounds-close",
            Text("姓名近音（前后鼻音、平翘舌等）", "names sound nearly the same"),
            "damerau_levenshtein(sound_l, sound_r) <= 1",
            lambda one, other: within_one(one.sound, other.sound),
            m=0.03,
            u=2e-3,
        ),
        Level(
            "name-one-character-differs",
            Text("姓名一字不同", "one character of the name differs"),
            _ONE_CHARACTER_SQL,
            _one_character,
            m=0.02,
            u=3e-3,  # a family name (3 %) and one of two common characters; more among cousins
        ),
        Level(
            "family-names-differ",
            Text("同名不同姓", "same given name, other family name"),
            "given_l = given_r AND given_l <> ''",
            _given_alone,
            m=0.015,
            u=2e-3,
        ),
        Level(
            "given-names-differ",
            Text("同姓不同名", "same family name, other given name"),
            equal("family"),
            same("family"),
            m=0.015,
            u=0.05,  # the sum of the squared shares of family names
        ),
        Level("names-differ", Text("姓名不同", "names differ"), "ELSE", always, m=0.02, u=0.94),
    ),
)
