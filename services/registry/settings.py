"""Settings of the registry."""

from pydantic import Field, SecretStr

from shared.settings import ServiceSettings


class Settings(ServiceSettings):
    """The common settings, and what the registry has of its own."""

    linkage_memory_mib: int = Field(
        default=4096,
        ge=256,
        description="memory that DuckDB, or Spark's driver, may take while it looks for duplicates",
    )
    linkage_threads: int = Field(default=0, ge=0, description="of DuckDB; 0 takes every core")
    linkage_spark_master: str | None = Field(
        default=None,
        description="Spark master that searches for duplicates run on, e.g. spark://host:7077 or"
        " local[*]; without one DuckDB in the box",
    )
    linkage_spark_secret: SecretStr | None = Field(
        default=None, description="spark.authenticate.secret of that cluster; local[*] needs none"
    )
