"""Filling the places of a shape, and finding which approved template a text is. Pure.

Places: {key} {secret} {phone} {text} {signature} {body} {template_code} {named} {listed}
{reference} {timestamp} and whatever the settings' `values` name. {body} is the text without its
【signature】; {named} are the template's parameters as an object, {listed} as a list in its order.
A field of a JSON body that is nothing but such a place becomes the object or list.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

from pydantic import JsonValue

Values = Mapping[str, str | Mapping[str, str] | Sequence[str]]
_PLACE: Final = re.compile(r"\{([a-z_]+)\}")
_VARIABLE: Final = re.compile(r"\$?\{(\w+)\}")
_SIGNATURE: Final = re.compile(r"^【([^【】]{1,40})】")


@dataclass(frozen=True, slots=True)
class Matched:
    """A text as an approved template: its code, and the parameters in its order."""

    code: str
    parameters: Mapping[str, str]


def signature_and_body(text: str) -> tuple[str, str]:
    """A text's 【signature】, without the brackets, and the rest."""
    found = _SIGNATURE.match(text)
    return (found[1], text[found.end() :]) if found else ("", text)


def match(body: str, approved: Mapping[str, str]) -> Matched | None:
    """Which approved template (code → text with {name} places) a body is, the first that fits. The
    values are read out of the body; however they are divided, filled in they make the same text."""
    for code, text in approved.items():
        pattern, names = _pattern(text)
        found = pattern.fullmatch(body)
        if found:
            return Matched(code, {name: found[name] for name in names})
    return None


@cache
def _pattern(text: str) -> tuple[re.Pattern[str], tuple[str, ...]]:
    names: list[str] = []
    pattern, end = "", 0
    for place in _VARIABLE.finditer(text):
        name = f"p{place[1]}" if place[1][0].isdigit() else place[1]
        pattern += re.escape(text[end : place.start()])
        pattern += f"(?P={name})" if name in names else f"(?P<{name}>.*?)"
        names += [] if name in names else [name]
        end = place.end()
    return re.compile(pattern + re.escape(text[end:]), re.DOTALL), tuple(names)


def filled_text(text: str, values: Values) -> str:
    """A text with its places filled. Raises KeyError for one that nobody knows."""

    def value(place: re.Match[str]) -> str:
        found = values[place[1]]
        return found if isinstance(found, str) else _json(found)

    return _PLACE.sub(value, text)


def filled(field: JsonValue, values: Values) -> JsonValue:
    """A field of a JSON body with its places filled. Raises KeyError."""
    if isinstance(field, dict):
        return {name: filled(each, values) for name, each in field.items()}
    if isinstance(field, list):
        return [filled(each, values) for each in field]
    if not isinstance(field, str):
        return field
    whole = _PLACE.fullmatch(field)
    found = values[whole[1]] if whole else filled_text(field, values)
    if isinstance(found, str):
        return found
    return dict(found) if isinstance(found, Mapping) else list(found)


def _json(value: Mapping[str, str] | Sequence[str]) -> str:
    plain = dict(value) if isinstance(value, Mapping) else list(value)
    return json.dumps(plain, ensure_ascii=False, separators=(",", ":"))
