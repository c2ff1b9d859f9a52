"""The shell reaches a service with the service's own settings, its cipher included."""

from pathlib import Path

import pytest

from deploy.box.operate import opened
from shared.crypto import Suite
from shared.testing import Issuer, key_text
from tests.conftest import Cluster


async def test_a_replay_opens_events_with_the_cipher_that_sealed_them(
    cluster: Cluster, issuer: Issuer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    settings = {
        "DATABASE_URL": await cluster.database("registry"),
        "NODE_ID": "county-420325",
        "REGION": "420325",
        "OIDC_ISSUER": "https://issuer.test",
        "OIDC_JWKS": str(issuer.jwks),
        "FIELD_KEY": key_text("field"),
        "INDEX_KEY": key_text("index"),
        "EVENT_KEY": key_text("event"),
        "CIPHER": Suite.SM4_GCM.value,
    }
    for name, value in settings.items():
        monkeypatch.setenv(f"YIPAN_{name}", value)
    async with opened("registry", tmp_path) as service:
        assert service.database.vault.suite is Suite.SM4_GCM
        assert service.database.event_vault.suite is Suite.SM4_GCM
