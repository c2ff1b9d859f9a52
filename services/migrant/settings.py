"""Settings of the migrant service."""

from pydantic import Field

from shared.settings import ServiceSettings


class Settings(ServiceSettings):
    """How long status lists of certificates hold, beside the common settings."""

    status_ttl_seconds: int = Field(
        default=3600, ge=1, description="after which a checker asks for our status list again"
    )
    status_lifetime_seconds: int = Field(
        default=14 * 86400, ge=1, description="after which our status list is not believed any more"
    )
    allow_plain_http: bool = Field(
        default=False, description="ask other counties for their keys over http:// too (tests)"
    )
    status_grace_seconds: int = Field(
        default=3 * 86400,
        ge=0,
        description="for how long past its ttl another county's list is used when it cannot be had",
    )
    self_registration_url: str | None = Field(
        default=None,
        description="the page or mini-program that shows the form of registration by phone;"
        " place names are added as ?region=…&room_id=…",
    )
