"""What the register and the migrant service say of a person, asked by their APIs: with the purpose,
and a case reference that names the partner, so that the look is seen there, by her too."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import httpx
from pydantic import JsonValue

from services.exchange.dci.errors import SourcesAway
from services.exchange.dci.profiles import AskedFor, Profile
from services.exchange.dci.rules import Identity
from services.exchange.dci.service_tokens import ServiceTokens, TokenAway
from shared.calling import Client
from shared.signing import JsonObject

OpenSources = Callable[[], httpx.AsyncClient]
Said = Mapping[str, Mapping[str, JsonValue]]

_LISTED: Final = ("active", "deceased")  # a registration that was taken back is nobody's


@dataclass(frozen=True)
class Why:
    """What the services are told of a look: our purpose, and the partner's case."""

    purpose: str
    case: str


@dataclass(frozen=True)
class Found:
    """Somebody the register knows; `said` is its record of her."""

    person_id: UUID
    said: Mapping[str, JsonValue]


def open_sources(address: str) -> OpenSources:
    return lambda: Client(base_url=address, timeout=httpx.Timeout(15.0, connect=5.0))


class Sources:
    """Asks. Every method raises SourcesAway when a service does not answer, or refuses us."""

    def __init__(self, open_: OpenSources, tokens: ServiceTokens) -> None:
        self._client = open_()
        self._tokens = tokens

    async def close(self) -> None:
        await self._client.aclose()

    async def find(self, who: Identity, why: Why) -> Sequence[Found]:
        """Who is meant: nobody, one, or by name and birth date several."""
        wanted = {name: value for name, value in vars(who).items() if value is not None}
        answer = await self._ask("POST", "/registry/v1/person-searches", why, json=wanted)
        return [
            Found(UUID(str(each["id"])), each)
            for each in (answer if isinstance(answer, list) else ())
            if isinstance(each, dict) and each.get("status") in _LISTED
        ]

    async def consents(self, person_id: UUID, consent: str, why: Why) -> bool:
        """Whether her consent stands, at this moment."""
        answer = await self._ask(
            "GET",
            "/migrant/v1/consents/standing",
            why,
            params={"person_id": str(person_id), "purpose": consent},
        )
        return isinstance(answer, dict) and answer.get("stands") is True

    async def say(self, person: Found, profile: Profile, asked: AskedFor, why: Why) -> Said:
        """What each source that the purpose needs says of her; the others are not asked."""
        needed = {profile.attributes[name].source for name in asked.attributes}
        said: dict[str, Mapping[str, JsonValue]] = {"person": person.said}
        base = f"/registry/v1/persons/{person.person_id}"
        if "vital" in needed:
            said["vital"] = _vital(await self._ask("GET", f"{base}/vital-events", why), person.said)
        if "marital" in needed:
            said["marital"] = _members(await self._ask("GET", f"{base}/marital-status", why))
        here = f"/migrant/v1/people/{person.person_id}"
        if "stay" in needed:
            said["stay"] = _members(_members(await self._ask("GET", here, why)).get("stay"))
        if "benefits" in needed:
            said["benefits"] = _benefits(await self._ask("GET", f"{here}/benefits", why))
        return said

    async def _ask(
        self,
        method: str,
        path: str,
        why: Why,
        *,
        json: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
    ) -> JsonValue:
        """The answer; None where there is nothing of hers."""
        try:
            headers = {
                "Authorization": f"Bearer {await self._tokens.token()}",
                "Purpose": why.purpose,
                "Case": why.case,
            }
            answer = await self._client.request(
                method, path, json=json, params=params, headers=headers
            )
            if answer.status_code == 404:
                return None
            read: JsonValue = answer.raise_for_status().json()
        except (httpx.HTTPError, OSError, ValueError, TokenAway) as error:
            raise SourcesAway() from error
        return read


def _members(answer: JsonValue) -> JsonObject:
    return answer if isinstance(answer, dict) else {}


def _vital(events: JsonValue, person: Mapping[str, JsonValue]) -> JsonObject:
    """Her own birth, death, latest marriage and divorce, of an extract that lists those of her
    family too. What was annulled is not told."""
    found: JsonObject = {}
    for event in events if isinstance(events, list) else []:
        if not isinstance(event, dict) or event.get("annulled_at") is not None:
            continue
        kind, day = event.get("kind"), event.get("happened_on")
        if kind == "birth" and day == person.get("birth_date") and _is_child(event, person):
            found["birth_place"] = event.get("place")
        elif kind in ("death", "marriage", "divorce"):  # the earliest comes first
            found[f"{kind}_date"] = day
    return found


def _is_child(event: JsonObject, person: Mapping[str, JsonValue]) -> bool:
    parties = event.get("parties")
    child = {"role": "child", "name": person.get("name")}
    return isinstance(parties, list) and child in parties


def _benefits(statements: JsonValue) -> JsonObject:
    """Which benefits she is paid: by programme the periods, never account or sum."""
    found: dict[str, JsonObject] = {}
    for each in reversed(statements if isinstance(statements, list) else []):
        if not isinstance(each, dict) or each.get("status") != "paid":
            continue
        programme, period = str(each.get("programme")), each.get("period")
        first = found.setdefault(
            programme,
            {
                "programme": programme,
                "programme_name": each.get("title_zh"),
                "first_period": period,
            },
        )
        first["last_period"] = period
    return {"enrolments": list(found.values())} if found else {}
