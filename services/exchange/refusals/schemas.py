"""The proof of a refusal. Hashes are base64 of 32 bytes."""

from pydantic import BaseModel

from services.exchange.evidence.schemas import ProofView
from shared.signing import JsonObject


class RefusalProofView(BaseModel):
    """That a refusal is in the log: the RFC 9162 leaf hash of the RFC 8785 bytes of `refusal` is at
    `place` of the tree of `batch_size` refusals whose root is the payload hash of the leaf that
    `proof` is about."""

    refusal: JsonObject
    refusal_hash: str
    place: int
    batch_size: int
    path: list[str]
    proof: ProofView
