"""Table: pieces of a paper of a claim, until all of them are here."""

from datetime import datetime
from uuid import UUID

from sqlmodel import Field

from services.exchange.base import Row
from shared.columns import Timestamp


class PaperPiece(Row, table=True):
    """A piece of a paper on its way to become an attachment (报销材料分片); its bytes sealed."""

    __tablename__ = "claim_paper_pieces"

    paper_id: UUID = Field(primary_key=True)
    number: int = Field(primary_key=True)
    claim_id: UUID
    region: str
    body_sealed: bytes
    received_at: datetime = Field(sa_type=Timestamp)
