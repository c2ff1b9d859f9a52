"""Settings of the notify service."""

from shared.settings import ServiceSettings


class Settings(ServiceSettings):
    """Nothing of its own yet beside the common settings."""
