"""Settings of the exchange service."""

from typing import Literal

from pydantic import Field

from shared.settings import ServiceSettings


class Settings(ServiceSettings):
    """Who this node is among its peers, and whom it trusts to admit others."""

    node_name: str = Field(default="", description="name in Chinese; the node id where empty")
    node_level: Literal["county", "city", "department", "employer"] = "county"
    node_address: str | None = Field(
        default=None, description="base address peers reach us at; public_url where absent"
    )
    certificate_pem: str | None = Field(
        default=None, description="our TLS certificate (PEM), for peers to pin"
    )
    city_jwks: str | None = Field(
        default=None,
        description="key set of the city's node (JSON or a file's path): the trust anchor. Where"
        " absent, the first self-signed city record an administrator enters becomes it",
    )
    allow_plain_http: bool = Field(
        default=False, description="send to http:// addresses; only for trials on one machine"
    )
