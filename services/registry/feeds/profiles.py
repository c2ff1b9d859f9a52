"""Profiles as data: those that ship, and a county's own."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Final

from services.registry.errors import ProfileExists, UnknownProfile
from services.registry.feeds.models import FeedProfile
from services.registry.feeds.profile_rules import Profile, refuse_forbidden
from services.registry.feeds.schemas import ProfileView, StoreProfile
from shared.db import Tx
from shared.ids import new_id

FOLDER: Final = Path(__file__).parent / "shipped"
SHIPPED: Final = ""  # the region of profiles that serve everybody


@cache
def shipped() -> tuple[Profile, ...]:
    """The profiles in the package, by code."""
    return tuple(_read_all())


def _read_all() -> Iterator[Profile]:
    for path in sorted(FOLDER.glob("*.json")):
        profile = Profile.model_validate(json.loads(path.read_text(encoding="utf-8")))
        refuse_forbidden(profile)
        yield profile


async def load_profiles(tx: Tx) -> int:
    """Enter the shipped profiles that are not there yet; returns how many. Run at every start."""
    loaded = 0
    for profile in shipped():
        tag = await tx.execute(
            "INSERT INTO feed_profiles (id, code, region, version, department, meaning, document,"
            " created_at, created_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"
            " ON CONFLICT (code, region, version) DO NOTHING",
            new_id(),
            profile.code,
            SHIPPED,
            profile.version,
            profile.department,
            profile.meaning,
            profile.model_dump(mode="json"),
            datetime.now(UTC),
            tx.actor.sub,
        )
        loaded += tag == "INSERT 0 1"
    return loaded


async def store_profile(command: StoreProfile, tx: Tx) -> ProfileView:
    """A county's own profile, used from now on instead of the shipped one of that code. Raises
    ForbiddenField, ProfileExists."""
    profile: Profile = command
    refuse_forbidden(profile)
    newest = await tx.fetch_value(
        "SELECT max(version) FROM feed_profiles WHERE code = $1 AND region = $2",
        profile.code,
        tx.actor.region,
    )
    if newest is not None and newest >= profile.version:
        raise ProfileExists(version=newest)
    row = FeedProfile(
        id=new_id(),
        code=profile.code,
        region=tx.actor.region,
        version=profile.version,
        department=profile.department,
        meaning=profile.meaning,
        document=profile.model_dump(mode="json"),
        created_at=tx.now,
        created_by=tx.actor.sub,
    )
    await tx.add(row)
    return profile_view(row)


async def profile_in_use(code: str, tx: Tx) -> FeedProfile:
    """The newest version of the closest profile: the actor's own, or an area's around her, or the
    shipped one. Raises UnknownProfile."""
    found = await tx.find(
        FeedProfile,
        "SELECT * FROM feed_profiles WHERE code = $1 AND starts_with($2, region)"
        " ORDER BY length(region) DESC, version DESC LIMIT 1",
        code,
        tx.actor.region,
    )
    if not found:
        raise UnknownProfile()
    return found[0]


async def list_profiles(tx: Tx) -> list[ProfileView]:
    """Those in use for the actor, one of each code."""
    found = await tx.find(
        FeedProfile,
        "SELECT DISTINCT ON (code) * FROM feed_profiles WHERE starts_with($1, region)"
        " ORDER BY code, length(region) DESC, version DESC",
        tx.actor.region,
    )
    return [profile_view(row) for row in found]


def profile_of(row: FeedProfile) -> Profile:
    return Profile.model_validate(row.document)


def profile_view(row: FeedProfile) -> ProfileView:
    return ProfileView(
        id=row.id,
        own=row.region != SHIPPED,
        created_at=row.created_at,
        profile=profile_of(row),
    )
