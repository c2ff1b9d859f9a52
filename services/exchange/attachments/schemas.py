"""What travels of an attachment, and views."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from services.exchange.attachments.models import AttachmentState
from services.exchange.attachments.rules import catalogue
from shared.text import clean


def _attachable(size: int) -> int:
    if size > catalogue().most_bytes:
        raise ValueError("附件过大 / the attachment is too large")
    return size


def _plain(name: str) -> str:
    if "/" in name or "\\" in name or name.startswith("."):
        raise ValueError("文件名不得含路径 / a file's name has no path")
    return clean(name)


FileName = Annotated[str, Field(min_length=1, max_length=120), AfterValidator(_plain)]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
FileSize = Annotated[int, Field(ge=1), AfterValidator(_attachable)]
MediaType = Annotated[str, Field(pattern=r"^[a-z]+/[a-z0-9.+-]{1,60}$")]


class Reference(BaseModel):
    """An attachment as a message names it (附件引用): whoever gets the message may fetch what has
    this SHA-256 (over the plain bytes) from its sender."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: UUID
    sha256: Sha256
    size: FileSize
    media_type: MediaType
    name: FileName


References = Annotated[list[Reference], Field(max_length=20)]
AttachmentIds = Annotated[list[UUID], Field(max_length=20)]


class AttachmentView(BaseModel):
    """An attachment of an inquiry, or of a claim (`inquiry_id` is then the claim's), and how far
    it is; `name` is null once erased. Sizes in bytes."""

    id: UUID
    inquiry_id: UUID | None
    from_node: str | None
    state: AttachmentState
    sha256: str
    size: int
    media_type: str
    name: str | None
    created_at: datetime
    stored_at: datetime | None
    erased_at: datetime | None
    last_error: str | None
