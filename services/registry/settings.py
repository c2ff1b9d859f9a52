"""Settings of the registry."""

from pydantic import Field

from shared.settings import ServiceSettings


class Settings(ServiceSettings):
    """The common settings, and what the registry has of its own."""

    linkage_memory_mib: int = Field(
        default=4096, ge=256, description="memory DuckDB may take while it looks for duplicates"
    )
    linkage_threads: int = Field(default=0, ge=0, description="of DuckDB; 0 takes every core")
