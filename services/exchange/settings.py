"""Settings of the exchange service."""

from typing import Literal

from pydantic import Field, SecretStr

from shared.settings import ServiceSettings


class Settings(ServiceSettings):
    """Who this node is among its peers, and whom it trusts to admit others."""

    node_name: str = Field(default="", description="name in Chinese; the node id where empty")
    node_level: Literal["county", "city", "department", "employer"] = "county"
    node_address: str | None = Field(
        default=None, description="base address peers reach us at; public_url where absent"
    )
    certificate_file: str | None = Field(
        default=None, description="file (PEM) of the certificate that we show to peers"
    )
    certificate_key_file: str | None = Field(
        default=None, description="file (PEM) of its secret key"
    )
    certificate_pem: str | None = Field(
        default=None,
        description="what peers pin (PEM) where that is not the certificate we show alone: both"
        " while it is being changed, or the one that a gateway shows",
    )
    peer_certificate_header: str | None = Field(
        default=None,
        description="header in which the gateway passes the client's certificate (URL-encoded PEM);"
        " the gateway must overwrite whatever a caller sent in it",
    )
    directory_seconds: float = Field(
        default=60, gt=0, description="how often the directories of our cities are read"
    )
    city_jwks: str | None = Field(
        default=None,
        description="key set of the city's node (JSON or a file's path): the trust anchor. Where"
        " absent, the first self-signed city record an administrator enters becomes it",
    )
    services_url: str | None = Field(
        default=None,
        description="base address of the registry and the migrant service, which DCI partners'"
        " questions are put to; public_url where absent",
    )
    service_token_url: str | None = Field(
        default=None, description="token endpoint of the OpenID provider (client credentials)"
    )
    service_client_id: str = Field(default="exchange", description="this service at the provider")
    service_client_secret: SecretStr | None = Field(default=None, description="its secret there")
    service_signing_key: SecretStr | None = Field(
        default=None,
        description="the token issuer's private key (JWK, ES256) where this installation is its"
        " own issuer: a box",
    )
    allow_unsigned_partners: bool = Field(
        default=False, description="take unsigned DCI messages from loopback; trials on one machine"
    )
    allow_plain_http: bool = Field(
        default=False, description="send to http:// addresses; only for trials on one machine"
    )
