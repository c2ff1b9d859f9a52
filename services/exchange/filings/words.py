"""How sheets of inquiries say things: choices in words, and which columns the catalogue refuses."""

from collections.abc import Sequence
from typing import Final

from services.exchange.errors import FieldsRefused
from services.exchange.inquiries.catalogue import Kind, subject_fields
from shared.problems import Text

YES_NO: Final = {"是": "true", "否": "false", "yes": "true", "no": "false"}


def told(of: Sequence[Kind], refused: FieldsRefused) -> Text:
    """Which columns are refused; never what they hold."""
    specs = {spec.name: spec for kind in of for spec in [*subject_fields(kind), *kind.question]}
    wrong = [(specs[each["field"]], each["code"]) for each in refused.extra["errors"]]
    return Text(
        ";".join(f"{spec.zh}:{'必填' if code == 'missing' else '不正确'}" for spec, code in wrong),
        "; ".join(
            f"{spec.en}: {'required' if code == 'missing' else 'not correct'}"
            for spec, code in wrong
        ),
    )
