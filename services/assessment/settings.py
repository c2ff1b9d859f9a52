"""Settings of the assessment service."""

from shared.settings import ServiceSettings


class Settings(ServiceSettings):
    """Nothing of its own yet beside the common settings."""
