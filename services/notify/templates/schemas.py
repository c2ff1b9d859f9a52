"""Commands and views of templates."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, Field, model_validator

from services.notify.templates.rules import Kind, VariableType, check_text, clean_signature
from shared.commands import Command
from shared.text import FreeText

TemplateCode = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{1,49}$")]
MessagePurpose = Annotated[
    str,
    Field(pattern=r"^[a-z][a-z0-9-]{1,49}$", description='a consent purpose, or "official"'),
]
LanguageTag = Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Za-z]{2,4})?$", examples=["zh-CN"])]
VariableName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,30}$")]
Signature = Annotated[str, Field(max_length=24), AfterValidator(clean_signature)]


class WriteTemplate(Command):
    """A new version of a template, to be approved by somebody else. The opt-out sentence of a
    promotion is added by the service."""

    code: TemplateCode
    language: LanguageTag = "zh-CN"
    text: Annotated[FreeText, Field(max_length=500)]
    variables: dict[VariableName, VariableType] = Field(default_factory=dict, max_length=20)
    purpose: MessagePurpose
    signature: Signature
    kind: Kind

    @model_validator(mode="after")
    def _agrees(self) -> Self:
        check_text(self.text, self.variables, self.purpose)
        return self


class TemplateView(BaseModel):
    """A version of a template; it can be used once `approved_at` is set. `sample` is what a
    person reads, with the names of the variables in their places."""

    id: UUID
    code: str
    language: str
    version: int
    text: str
    sample: str
    variables: dict[str, VariableType]
    purpose: str
    signature: str
    kind: Kind
    created_at: datetime
    created_by: str
    approved_at: datetime | None
    approved_by: str | None
