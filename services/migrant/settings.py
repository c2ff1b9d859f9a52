"""Settings of the migrant service."""

from shared.settings import ServiceSettings


class Settings(ServiceSettings):
    """Nothing of its own yet beside the common settings."""
