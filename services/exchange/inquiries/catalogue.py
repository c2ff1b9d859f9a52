"""Which inquiries there are (协查目录): for each kind its purpose, legal basis and the fields that
may be asked and answered. Data in kinds.json; anything it does not name is refused. Pure."""

import json
from collections.abc import Mapping, Sequence
from datetime import date
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StrictBool,
    StrictInt,
    TypeAdapter,
    ValidationError,
)

from services.exchange.errors import FieldsRefused
from shared.codes import CreditCode, RegionCode, ResidentId
from shared.text import FreeText, PersonName, clean
from shared.validation import place

Value = str | int | bool


class FieldType(StrEnum):
    NAME = "name"
    RESIDENT_ID = "resident-id"
    DATE = "date"
    REGION = "region"
    TEXT = "text"
    ID_TAIL = "id-tail"
    CODE = "code"
    CREDIT_CODE = "credit-code"
    YES_NO = "yes-no"
    INTEGER = "integer"
    CHOICE = "choice"


class Words(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    zh: str
    en: str


class FieldSpec(BaseModel):
    """One field of a question or an answer."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    type: FieldType
    required: bool
    choices: list[str] = []
    zh: str
    en: str


class Kind(BaseModel):
    """One kind of inquiry. `asked_of` are the levels of participants that may be asked."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    code: str
    zh: str
    en: str
    purpose: Words
    basis: Words
    asked_of: list[Literal["county", "city", "department", "employer"]] = [
        "county",
        "city",
        "department",
    ]
    subject: list[str]
    question: list[FieldSpec]
    answer: list[FieldSpec]


def _iso(text: str) -> str:
    return date.fromisoformat(text).isoformat()


_CHECKS: dict[FieldType, TypeAdapter[Any]] = {
    FieldType.NAME: TypeAdapter(PersonName),
    FieldType.RESIDENT_ID: TypeAdapter(ResidentId),
    FieldType.ID_TAIL: TypeAdapter(Annotated[str, Field(pattern=r"^[0-9]{3}[0-9X]$")]),
    FieldType.DATE: TypeAdapter(Annotated[str, AfterValidator(_iso)]),
    FieldType.REGION: TypeAdapter(RegionCode),
    FieldType.TEXT: TypeAdapter(Annotated[str, Field(max_length=300), AfterValidator(clean)]),
    FieldType.CODE: TypeAdapter(Annotated[str, Field(pattern=r"^[A-Za-z0-9:._/-]{1,100}$")]),
    FieldType.CREDIT_CODE: TypeAdapter(CreditCode),
    FieldType.YES_NO: TypeAdapter(StrictBool),
    FieldType.INTEGER: TypeAdapter(Annotated[StrictInt, Field(ge=0, le=2**53 - 1)]),
    FieldType.CHOICE: TypeAdapter(FreeText),
}
_SUBJECT = {
    "name": FieldSpec(name="name", type=FieldType.NAME, required=True, zh="姓名", en="name"),
    "id_number": FieldSpec(
        name="id_number",
        type=FieldType.RESIDENT_ID,
        required=True,
        zh="公民身份号码",
        en="resident id number",
    ),
    "id_tail": FieldSpec(
        name="id_tail",
        type=FieldType.ID_TAIL,
        required=True,
        zh="公民身份号码后四位",
        en="last four characters of the resident id number",
    ),
}


@cache
def kinds() -> Mapping[str, Kind]:
    """The catalogue by code."""
    text = resources.files(__package__).joinpath("kinds.json").read_text(encoding="utf-8")
    return {each["code"]: Kind.model_validate(each) for each in json.loads(text)}


def kind_of(code: str) -> Kind:
    """Raises FieldsRefused for a kind the catalogue does not have."""
    found = kinds().get(code)
    if found is None:
        raise _refused([("kind", "unknown")])
    return found


def subject_fields(kind: Kind) -> list[FieldSpec]:
    """By which fields the kind names whom it is about."""
    return [_SUBJECT[name] for name in kind.subject]


def check_subject(kind: Kind, values: Mapping[str, Value]) -> dict[str, Value]:
    """Whom it is about: exactly the fields the kind needs. Raises FieldsRefused."""
    return _check(subject_fields(kind), values, complete=True)


def check_question(
    kind: Kind, values: Mapping[str, Value], *, complete: bool = True
) -> dict[str, Value]:
    """A template may leave required fields open. Raises FieldsRefused."""
    return _check(kind.question, values, complete=complete)


def check_answer(kind: Kind, values: Mapping[str, Value], *, complete: bool) -> dict[str, Value]:
    """A part answer may leave required fields open. Raises FieldsRefused."""
    return _check(kind.answer, values, complete=complete)


def _check(
    specs: Sequence[FieldSpec], values: Mapping[str, Value], *, complete: bool
) -> dict[str, Value]:
    """The values in their canonical form."""
    wrong = [(name, "extra_forbidden") for name in values.keys() - {each.name for each in specs}]
    found: dict[str, Value] = {}
    for spec in specs:
        if spec.name not in values:
            if spec.required and complete:
                wrong.append((spec.name, "missing"))
            continue
        try:
            found[spec.name] = _CHECKS[spec.type].validate_python(values[spec.name])
        except ValidationError:
            wrong.append((spec.name, spec.type.value))
            continue
        if spec.choices and found[spec.name] not in spec.choices:
            wrong.append((spec.name, "enum"))
    if wrong:
        raise _refused(wrong)
    return found


def _refused(wrong: Sequence[tuple[str, str]]) -> FieldsRefused:
    return FieldsRefused(
        errors=[{"field": place((name,)), "code": code} for name, code in sorted(wrong)]
    )
