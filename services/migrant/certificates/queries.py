"""Reading certificates, keys and status lists."""

from uuid import UUID

from services.migrant.certificates.keys import public_keys, signing_key
from services.migrant.certificates.models import Certificate, StatusList
from services.migrant.certificates.rules import IssuerHere
from services.migrant.certificates.schemas import CertificateView, IssuerKeysView
from services.migrant.certificates.statuslist import sign
from services.migrant.people.rules import OFFICES
from shared.db import Tx
from shared.subjects import require_own


def view_of(certificate: Certificate) -> CertificateView:
    return CertificateView.model_validate(certificate.model_dump())


async def get_certificate(certificate_id: UUID, tx: Tx) -> CertificateView:
    certificate = await tx.require(Certificate, certificate_id)
    await require_own(certificate.person_id, tx, *OFFICES)
    tx.saw(certificate.person_id, "certificate")
    return view_of(certificate)


async def get_issuer_keys(here: IssuerHere, tx: Tx) -> IssuerKeysView:
    keys = await public_keys(tx)
    return IssuerKeysView(
        issuer=here.name,
        status_base=here.status_base,
        keys=[
            {name: str(value) for name, value in key.as_dict(private=False).items()}
            for key in keys.keys
        ],
    )


async def get_status_list(list_id: int, here: IssuerHere, tx: Tx) -> str:
    """The list as a signed token of this moment. Raises NotFound."""
    status_list = await tx.require(StatusList, list_id)
    revoked = await tx.fetch(
        'SELECT "index" FROM status_entries WHERE list_id = $1 AND revoked', list_id
    )
    return sign(
        f"{here.status_base}{list_id}",
        [row["index"] for row in revoked],
        status_list.size,
        await signing_key(tx),
        now=int(tx.now.timestamp()),
        ttl=here.status_ttl,
        lifetime=here.status_lifetime,
    )
