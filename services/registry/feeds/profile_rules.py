"""What a profile (对照表) may say. A profile is data: which column of a department's file is which
of our fields. Pure: no I/O."""

from collections.abc import Iterator, Sequence
from typing import Annotated, Final, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from services.registry.errors import ForbiddenField
from services.registry.feeds.meanings import FIELDS, FORBIDDEN, Department, FieldType, Meaning
from services.registry.feeds.reasons import Failure, FileRefused
from shared.sheets_in import spelling

_LONGEST: Final = 60
Short = Annotated[str, Field(min_length=1, max_length=_LONGEST)]


class _Data(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class Column(_Data):
    """One column: the spellings of its header that are accepted, the field it is, its type, and
    for a code what each of theirs means. A required column has to be there and filled."""

    field: Annotated[str, Field(pattern=r"^[a-z_]{2,40}$")]
    type: FieldType
    names: Annotated[list[Short], Field(min_length=1, max_length=20)]
    required: bool = False
    codes: Annotated[dict[Short, Short], Field(max_length=200)] = Field(default_factory=dict)


class Title(_Data):
    zh: Short
    en: Short


class Profile(_Data):
    """How one kind of file of one department is read. `constants` are fields that every line has
    without a column, e.g. `{"kind": "marriage"}` where a file holds marriages alone."""

    code: Annotated[str, Field(pattern=r"^[a-z]+(-[a-z]+)*\.[a-z]+(-[a-z]+)*$", max_length=60)]
    version: Annotated[int, Field(ge=1, le=1_000_000)]
    department: Department
    meaning: Meaning
    title: Title
    columns: Annotated[list[Column], Field(min_length=1, max_length=60)]
    constants: Annotated[dict[Short, Short], Field(max_length=10)] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        fields = FIELDS[self.meaning]
        given = [column.field for column in self.columns] + list(self.constants)
        spellings = [spelling(name) for column in self.columns for name in column.names]
        if len(set(given)) < len(given) or len(set(spellings)) < len(spellings):
            raise ValueError("字段或列名重复 / a field or a header is there twice")
        for column in self.columns:
            rule = fields.get(column.field)
            if rule is None or rule.type is not column.type:
                raise ValueError(f"没有这样的字段 / no such field: {column.field}")
            if (rule.type is FieldType.CODE) != bool(column.codes):
                raise ValueError(f"代码对照只用于代码列 / codes belong to a code: {column.field}")
            if not set(column.codes.values()) <= set(rule.values):
                raise ValueError(f"代码含义不存在 / no such meaning of a code: {column.field}")
        for name, text in self.constants.items():
            if name not in fields or text not in fields[name].values:
                raise ValueError(f"没有这样的固定值 / no such constant: {name}")
        if missing := [n for n, rule in fields.items() if rule.required and n not in given]:
            raise ValueError(f"缺少字段 / fields are missing: {', '.join(missing)}")
        return self

    def column_of(self, field: str) -> str:
        """The header we know a field by, for reports."""
        return next((each.names[0] for each in self.columns if each.field == field), field)

    def is_required(self, column: Column) -> bool:
        return column.required or FIELDS[self.meaning][column.field].required


def refuse_forbidden(profile: Profile) -> None:
    """Raises ForbiddenField when a profile names what is never held (design §1)."""
    if any(FORBIDDEN.search(text) for text in _texts(profile)):
        raise ForbiddenField()


def _texts(profile: Profile) -> Iterator[str]:
    yield from (profile.code, profile.title.zh, profile.title.en)
    for column in profile.columns:
        yield from column.names
        yield from column.codes


class Mapping(BaseModel):
    """Which of a file's columns are read, by their place, and the headers that are not."""

    model_config = ConfigDict(frozen=True)

    read: dict[int, Column]
    dropped: list[str]


def map_columns(headers: Sequence[str], profile: Profile) -> Mapping:
    """Raises FileRefused when a column that is needed is missing, or two mean the same."""
    known = {spelling(name): column for column in profile.columns for name in column.names}
    read: dict[int, Column] = {}
    dropped, repeated = [], []
    for at, header in enumerate(headers):
        column = known.get(spelling(header))
        if column is None:
            dropped += [header.strip()[:_LONGEST]] if header.strip() else []
        elif column in read.values():
            repeated.append(header.strip()[:_LONGEST])
        else:
            read[at] = column
    found = {column.field for column in read.values()}
    missing = [
        each.names[0] for each in profile.columns
        if profile.is_required(each) and each.field not in found
    ]  # fmt: skip
    if missing:
        raise FileRefused(Failure.COLUMNS, missing)
    if repeated:
        raise FileRefused(Failure.REPEATED_COLUMNS, repeated)
    return Mapping(read=read, dropped=dropped)
