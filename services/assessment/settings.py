"""Settings of the assessment service."""

from pydantic import Field

from shared.settings import ServiceSettings


class Settings(ServiceSettings):
    """What a county decides about its assessment, beside the common settings."""

    compared_weight: int = Field(
        default=80,
        ge=1,
        le=100,
        description="weight, of 100, that must have been judged for a card to get a place",
    )
    open_data: bool = Field(
        default=False, description="whether anybody may fetch published scores without a token"
    )
    open_data_licence: str = Field(
        default="未设定许可 / no licence set",
        max_length=300,
        description="the licence line of the open data",
    )
