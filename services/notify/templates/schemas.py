"""Commands and views of templates."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, Field, model_validator

from services.notify.templates.rules import Kind, check_choices, check_text, clean_signature
from services.notify.templates.screening import allowed_hosts, screened
from services.notify.templates.variables import VariableType
from shared.commands import Command

TemplateCode = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{1,49}$")]
MessagePurpose = Annotated[
    str,
    Field(pattern=r"^[a-z][a-z0-9-]{1,49}$", description='a consent purpose, or "official"'),
]
LanguageTag = Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Za-z]{2,4})?$", examples=["zh-CN"])]
VariableName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,30}$")]
Signature = Annotated[str, Field(max_length=24), AfterValidator(clean_signature)]
TemplateText = Annotated[str, Field(min_length=1, max_length=500), AfterValidator(screened)]
ChoiceWord = Annotated[str, Field(min_length=1, max_length=40)]


class WriteTemplate(Command):
    """A new version of a template, to be approved by somebody else. The opt-out sentence of a
    promotion is added by the service. `choices`: variable → choice → its words."""

    code: TemplateCode
    language: LanguageTag = "zh-CN"
    text: TemplateText
    variables: dict[VariableName, VariableType] = Field(default_factory=dict, max_length=20)
    choices: dict[VariableName, dict[VariableName, ChoiceWord]] = Field(
        default_factory=dict, max_length=20
    )
    purpose: MessagePurpose
    signature: Signature
    kind: Kind

    @model_validator(mode="after")
    def _agrees(self) -> Self:
        check_text(self.text, self.variables, self.purpose, allowed_hosts())
        check_choices(self.variables, self.choices)
        return self


class WithdrawTemplate(Command):
    """Why a version is used no more (停用原因)."""

    reason: Annotated[str, Field(min_length=2, max_length=200), AfterValidator(screened)]


class WordFor(Command):
    """How a provider knows a version: the code it gave it (模板编号), and the signature it lets us
    use where that is another than the template's own."""

    code: Annotated[str | None, Field(pattern=r"^[\x21-\x7e]{1,60}$")] = None
    signature: Signature | None = None

    @model_validator(mode="after")
    def _something(self) -> Self:
        if self.code is None and self.signature is None:
            raise ValueError("请填写编号或签名 / give a code or a signature")
        return self


class WordingView(BaseModel):
    """What a provider calls a version, and signs it with."""

    provider: str
    code: str | None
    signature: str | None
    recorded_at: datetime
    recorded_by: str


class TemplateView(BaseModel):
    """A version of a template; it can be used once `approved_at` is set, until it is withdrawn.
    `sample` is what a person reads, with the names of the variables in their places."""

    id: UUID
    code: str
    language: str
    version: int
    text: str
    sample: str
    variables: dict[str, VariableType]
    choices: dict[str, dict[str, str]]
    purpose: str
    signature: str
    kind: Kind
    created_at: datetime
    created_by: str
    approved_at: datetime | None
    approved_by: str | None
    withdrawn_at: datetime | None
    withdrawn_by: str | None
    withdrawal_reason: str | None


class TemplateDetail(TemplateView):
    """A version with what each provider calls it."""

    providers: list[WordingView]
