"""Certificates, their status lists and keys, trusted issuers, checks."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from shared.migrations import grant, restrict_to_jurisdiction

revision = "0003"
down_revision = "0002"

TIMESTAMP = sa.DateTime(timezone=True)

# Whoever checks a certificate in any township leaves an entry that its holder can see.
_CERTIFICATE_HOLDER = """
CREATE FUNCTION certificate_holder(certificate uuid) RETURNS uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT person_id FROM certificates WHERE id = certificate
$$
"""


def upgrade() -> None:
    _status_lists()
    _certificates()
    _trust()
    _checks()
    op.execute(_CERTIFICATE_HOLDER)
    op.execute("REVOKE ALL ON FUNCTION certificate_holder(uuid) FROM PUBLIC")
    op.execute("GRANT EXECUTE ON FUNCTION certificate_holder(uuid) TO yipan_migrant")


def _status_lists() -> None:
    op.create_table(
        "status_lists",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("used", sa.Integer, nullable=False),
        sa.Column("created_at", TIMESTAMP, nullable=False),
    )
    op.create_table(
        "status_entries",
        sa.Column(
            "list_id",
            sa.Integer,
            sa.ForeignKey("status_lists.id"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("index", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("revoked", sa.Boolean, nullable=False),
    )
    op.create_table(
        "issuer_keys",
        sa.Column("kid", sa.String, primary_key=True),
        sa.Column("public_jwk", JSONB, nullable=False),
        sa.Column("private_sealed", sa.LargeBinary, nullable=False),
        sa.Column("created_at", TIMESTAMP, nullable=False),
        sa.Column("retired_at", TIMESTAMP),
    )
    grant("migrant", "status_lists", "SELECT, INSERT, UPDATE")
    grant("migrant", "status_entries", "SELECT, INSERT, UPDATE")
    grant("migrant", "issuer_keys", "SELECT, INSERT, UPDATE")


def _certificates() -> None:
    op.create_table(
        "certificates",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("person_id", sa.Uuid, nullable=False),
        sa.Column("region", sa.String, nullable=False),
        sa.Column("claim_names", ARRAY(sa.Text), nullable=False),
        sa.Column("holder_bound", sa.Boolean, nullable=False),
        sa.Column("status_list_id", sa.Integer, nullable=False),
        sa.Column("status_index", sa.Integer, nullable=False),
        sa.Column("issued_at", TIMESTAMP, nullable=False),
        sa.Column("issued_by", sa.String, nullable=False),
        sa.Column("office", sa.String, nullable=False),
        sa.Column("valid_until", sa.Date, nullable=False),
        sa.Column("revoked_at", TIMESTAMP),
        sa.Column("revocation_reason", sa.String),
        sa.Column("request_key", sa.String),
        sa.Column("request_index", sa.LargeBinary),
        sa.CheckConstraint(
            "claim_names <@ ARRAY['name', 'sex', 'birth_date', 'over_18', 'id_number',"
            " 'home_region', 'marital_status', 'children']::text[]",
            "certificates_closed_list",
        ),
        sa.CheckConstraint(
            "(revoked_at IS NULL) = (revocation_reason IS NULL)", "certificates_revoked"
        ),
    )
    op.create_index("certificates_person", "certificates", ["person_id"])
    op.create_index(
        "certificates_status", "certificates", ["status_list_id", "status_index"], unique=True
    )
    op.create_index(
        "certificates_request", "certificates", ["issued_by", "request_key"], unique=True
    )
    grant("migrant", "certificates", "SELECT, INSERT, UPDATE")
    restrict_to_jurisdiction("certificates", "region")


def _trust() -> None:
    op.create_table(
        "trusted_issuers",
        sa.Column("issuer", sa.String, primary_key=True),
        sa.Column("jwks", JSONB, nullable=False),
        sa.Column("status_base", sa.String, nullable=False),
        sa.Column("updated_at", TIMESTAMP, nullable=False),
        sa.Column("updated_by", sa.String, nullable=False),
    )
    op.create_table(
        "cached_status_lists",
        sa.Column("uri", sa.String, primary_key=True),
        sa.Column("issuer", sa.String, sa.ForeignKey("trusted_issuers.issuer"), nullable=False),
        sa.Column("token", sa.String, nullable=False),
        sa.Column("fetched_at", TIMESTAMP, nullable=False),
    )
    grant("migrant", "trusted_issuers", "SELECT, INSERT, UPDATE")
    grant("migrant", "cached_status_lists", "SELECT, INSERT, UPDATE")


def _checks() -> None:
    op.create_table(
        "certificate_checks",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("certificate_id", sa.String, nullable=False),
        sa.Column("issuer", sa.String, nullable=False),
        sa.Column("region", sa.String, nullable=False),
        sa.Column("office", sa.String, nullable=False),
        sa.Column("purpose", sa.String, nullable=False),
        sa.Column("outcome", sa.String, nullable=False),
        sa.Column("checked_at", TIMESTAMP, nullable=False),
        sa.Column("checked_by", sa.String, nullable=False),
    )
    op.create_index("certificate_checks_certificate", "certificate_checks", ["certificate_id"])
    grant("migrant", "certificate_checks", "SELECT, INSERT")
    restrict_to_jurisdiction("certificate_checks", "region")
