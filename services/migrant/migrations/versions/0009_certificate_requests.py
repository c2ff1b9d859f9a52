"""Requests for a certificate; key rotation with an overlap; proofs that are taken once."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

from shared.migrations import grant, restrict_to_jurisdiction

revision = "0009"
down_revision = "0008"

TIMESTAMP = sa.DateTime(timezone=True)


def upgrade() -> None:
    _requests()
    op.add_column("issuer_keys", sa.Column("starts_at", TIMESTAMP))
    op.execute("UPDATE issuer_keys SET starts_at = created_at")
    op.alter_column("issuer_keys", "starts_at", nullable=False)
    # What was cached before says nothing of its time here: it is fetched anew.
    op.add_column(
        "cached_status_lists",
        sa.Column("issued_at", sa.BigInteger, nullable=False, server_default="0"),
    )
    op.alter_column("cached_status_lists", "issued_at", server_default=None)
    op.create_table(
        "used_proofs",
        sa.Column("digest", sa.LargeBinary, primary_key=True),
        sa.Column("used_at", TIMESTAMP, nullable=False),
    )
    op.create_index("used_proofs_age", "used_proofs", ["used_at"])
    grant("migrant", "used_proofs", "SELECT, INSERT, DELETE")
    op.create_table(
        "directory_issuers",
        sa.Column("issuer", sa.String, primary_key=True),
        sa.Column("address", sa.String, nullable=False),
        sa.Column("certificate_pem", sa.String),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("revoked", sa.Boolean, nullable=False),
        sa.Column("looked_at", TIMESTAMP),
        sa.Column("next_look_at", TIMESTAMP, nullable=False),
        sa.Column("problem", sa.String),
    )
    op.create_index("directory_issuers_due", "directory_issuers", ["next_look_at"])
    grant("migrant", "directory_issuers", "SELECT, INSERT, UPDATE")


def _requests() -> None:
    op.create_table(
        "certificate_requests",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("person_id", sa.Uuid, nullable=False),
        sa.Column("region", sa.String, nullable=False),
        sa.Column("claims", ARRAY(sa.Text), nullable=False),
        sa.Column("valid_days", sa.Integer, nullable=False),
        sa.Column("form", sa.String, nullable=False),
        sa.Column("holder_key_sealed", sa.LargeBinary),
        sa.Column("replaces", sa.Uuid),
        sa.Column("replaces_because", sa.String),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("problems", ARRAY(sa.Text), nullable=False),
        sa.Column("lacking", ARRAY(sa.Text), nullable=False),
        sa.Column("facts_sealed", sa.LargeBinary),
        sa.Column("requested_at", TIMESTAMP, nullable=False),
        sa.Column("requested_by", sa.String, nullable=False),
        sa.Column("office", sa.String, nullable=False),
        sa.Column("due_on", sa.Date, nullable=False),
        sa.Column("overdue_said", sa.Boolean, nullable=False),
        sa.Column("decided_at", TIMESTAMP),
        sa.Column("decided_by", sa.String),
        sa.Column("reason_sealed", sa.LargeBinary),
        sa.Column("objected_at", TIMESTAMP),
        sa.Column("objection_sealed", sa.LargeBinary),
        sa.Column("declined_by", sa.String),
        sa.Column("collect_by", TIMESTAMP),
        sa.Column("collected_at", TIMESTAMP),
        sa.Column("certificate_id", sa.Uuid),
        sa.CheckConstraint(
            "claims <@ ARRAY['name', 'sex', 'birth_date', 'over_18', 'id_number',"
            " 'home_region', 'marital_status', 'children']::text[]",
            "certificate_requests_closed_list",
        ),
        sa.CheckConstraint(
            "status IN ('asked', 'open', 'ready', 'declined', 'collected', 'withdrawn', 'lapsed')",
            "certificate_requests_status",
        ),
        # What is settled holds no facts; a collected one a few minutes longer.
        sa.CheckConstraint(
            "facts_sealed IS NULL OR status IN ('open', 'ready', 'collected')",
            "certificate_requests_facts",
        ),
        sa.CheckConstraint(
            "(replaces IS NULL) = (replaces_because IS NULL)", "certificate_requests_replaces"
        ),
    )
    op.create_index("certificate_requests_person", "certificate_requests", ["person_id"])
    op.create_index("certificate_requests_due", "certificate_requests", ["status", "due_on", "id"])
    grant("migrant", "certificate_requests", "SELECT, INSERT, UPDATE, DELETE")
    restrict_to_jurisdiction("certificate_requests", "region")
