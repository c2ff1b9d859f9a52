"""What every service is told by its environment (prefix YIPAN_). Secrets have no defaults."""

from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.crypto import Suite


class ServiceSettings(BaseSettings):
    """The settings common to the five services. Each service's settings.py adds its own."""

    model_config = SettingsConfigDict(env_prefix="YIPAN_", frozen=True, extra="ignore")

    database_url: SecretStr = Field(description="DSN of this service's own database and role")
    database_pool: int = Field(default=8, ge=2, le=200, description="connections a process holds")

    bus: Literal["embedded", "kafka"] = "kafka"
    bus_url: SecretStr | None = Field(default=None, description="DSN of the embedded bus")
    kafka_bootstrap_servers: str | None = Field(default=None, description="host:port,…")

    node_id: str = Field(description="this county among its peers, e.g. county-420325")
    region: str = Field(description="region prefix this installation is responsible for")

    oidc_issuer: str = Field(description="the iss that tokens must carry")
    oidc_audience: str = Field(default="yipan", description="the aud that tokens must carry")
    oidc_jwks: str = Field(description="URL or file path of the issuer's key set")

    field_key: SecretStr = Field(description="base64, 32 bytes: seals personal columns")
    index_key: SecretStr = Field(description="base64, 32 bytes: blind indexes of this service")
    event_key: SecretStr = Field(description="base64, 32 bytes: seals personal event fields")
    cipher: Suite = Suite.AES_256_GCM

    public_url: str = Field(
        default="http://127.0.0.1:8000", description="base address callers use, no final slash"
    )
    otlp_endpoint: str | None = Field(default=None, description="OpenTelemetry collector (HTTP)")
    log_level: Literal["debug", "info", "warning", "error"] = "info"
