"""Commands and views of certificates."""

from datetime import date, datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey
from pydantic import AfterValidator, BaseModel, Field, model_validator

from services.migrant.certificates.faults import Reason
from services.migrant.certificates.rules import Claim, Outcome, RevocationReason, contradicts
from services.migrant.types import PastDate
from shared.codes import MaritalStatus, ResidentId, Sex
from shared.commands import Command, CountyCode
from shared.text import PersonName

_COORDINATE = r"^[A-Za-z0-9_-]{43,88}$"


class PublicKey(Command):
    """A public JWK; a private member is refused as an unknown field."""

    kty: Literal["EC", "OKP"]
    crv: Literal["P-256", "P-384", "Ed25519"]
    x: Annotated[str, Field(pattern=_COORDINATE)]
    y: Annotated[str | None, Field(pattern=_COORDINATE)] = None
    kid: Annotated[str | None, Field(max_length=200)] = None
    alg: Annotated[str | None, Field(max_length=20)] = None
    use: Literal["sig"] | None = None

    @model_validator(mode="after")
    def _on_the_curve(self) -> Self:
        kind = ECKey if self.kty == "EC" else OKPKey
        try:
            if (self.crv == "Ed25519") != (self.kty == "OKP"):
                raise ValueError("curve and key type")
            _ = kind.import_key(self.model_dump(exclude_none=True)).raw_value
        except (JoseError, ValueError, KeyError) as error:
            raise ValueError("公钥无效 / not a valid public key") from error
        return self


class HolderKey(PublicKey):
    """The key of the holder's own device, P-256."""

    kty: Literal["EC"]
    crv: Literal["P-256"]


class SomeFacts(Command):
    """Facts for the chosen claims, as a clerk read them from her papers. `marital_status` and
    `children` are there only if the holder asked for them."""

    name: PersonName | None = None
    sex: Sex | None = None
    birth_date: PastDate | None = None
    id_number: ResidentId | None = None
    marital_status: MaritalStatus | None = None
    children: Annotated[int | None, Field(ge=0, le=20)] = None

    @model_validator(mode="after")
    def _agrees(self) -> Self:
        if contradicts(self.id_number, self.sex, self.birth_date):
            raise ValueError(
                "性别或出生日期与证件号码不符 / sex or birth date contradicts the id number"
            )
        return self


class Facts(SomeFacts):
    """What the home county's register says, for the chosen claims alone."""

    home_region: CountyCode


def _distinct(claims: list[Claim]) -> list[Claim]:
    if len(set(claims)) != len(claims):
        raise ValueError("有重复的项目 / a claim is chosen twice")
    return claims


Claims = Annotated[list[Claim], Field(min_length=1), AfterValidator(_distinct)]
ValidDays = Annotated[int, Field(ge=1, le=365)]


class IssueCertificate(Command):
    """Issue a certificate (证明签发) that its holder asked for, with the claims she chose."""

    person_id: UUID
    requested_by_holder: Literal[True]
    claims: Claims
    facts: Facts
    valid_days: ValidDays = 365
    holder_key: HolderKey | None = None
    with_qr: bool = False


class IssuedView(BaseModel):
    """The certificate itself, handed over once: it is not kept here. `qr_svg` holds the whole of
    it for paper."""

    certificate_id: UUID
    credential: str
    valid_until: date
    qr_svg: str | None


class CertificateView(BaseModel):
    """What is kept of a certificate: never a claim's value."""

    id: UUID
    person_id: UUID
    region: str
    claim_names: list[Claim]
    holder_bound: bool
    issued_at: datetime
    office: str
    valid_until: date
    revoked_at: datetime | None
    revocation_reason: RevocationReason | None


class RevokeCertificate(Command):
    reason: RevocationReason


class CheckCertificate(Command):
    """What a holder showed, checked (证明核验); no `presentation` when she shows nothing. Give
    `nonce` and `audience` when the holder's device was asked for a proof over them."""

    presentation: Annotated[str | None, Field(min_length=1, max_length=20_000)] = None
    nonce: Annotated[str | None, Field(min_length=8, max_length=200)] = None
    audience: Annotated[str | None, Field(min_length=1, max_length=200)] = None


class ReasonView(BaseModel):
    """What exactly is wrong with what was shown, for a program and for a clerk."""

    code: Reason
    words: str


class CheckView(BaseModel):
    """What the check found and what to do. `reason` is null for a genuine one.
    `disclosed` is said back here and kept nowhere. `status_as_of` is when the issuer signed the
    status that was read."""

    check_id: UUID
    outcome: Outcome
    reason: ReasonView | None
    signature_valid: bool
    holder_proven: bool
    certificate_id: str | None
    issuer: str | None
    valid_until: datetime | None
    status_as_of: datetime | None
    disclosed: dict[Claim, str | int | bool]
    help: str


class IssuerKeysView(BaseModel):
    """This county's public keys (a JWK set), and where its status lists are."""

    issuer: str
    status_base: str
    keys: list[dict[str, str]]


class RotateKey(Command):
    """Sign with a new key from that many days on. Until then it is published beside the old one,
    so that whoever caches our keys has it in time."""

    starts_after_days: Annotated[int, Field(ge=0, le=90)] = 0


class StatusListInput(Command):
    uri: Annotated[str, Field(max_length=500)]
    token: Annotated[str, Field(max_length=1_000_000)]


class KeySetInput(Command):
    keys: Annotated[list[PublicKey], Field(min_length=1, max_length=20)]


class TrustIssuer(Command):
    """Another county's keys, the address its status lists begin with, and any lists at hand."""

    jwks: KeySetInput
    status_base: Annotated[str, Field(max_length=300, pattern=r"^https?://[^\s/]+/\S*$")]
    status_lists: Annotated[list[StatusListInput], Field(max_length=50, default_factory=list)]


class TrustedIssuerView(BaseModel):
    issuer: str
    status_base: str
    key_ids: list[str]
    updated_at: datetime
