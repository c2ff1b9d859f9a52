"""The standard's messages as we read them (specs: dci_registry_core_api v1.0.0, dci_crvs_api and
dci_social_api v1.0.0). Members that we do not use are signed, and ignored."""

from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, JsonValue

from services.exchange.dci.models import Action
from services.exchange.messages.schemas import WireFault
from shared.signing import JsonObject

WireId = Annotated[str, Field(min_length=1, max_length=99, pattern=r"^[^\x00-\x1f\x7f]+$")]
Locale = Annotated[str, Field(pattern=r"^[a-z]{3}$")]
Code = Annotated[str, Field(max_length=200)]


class _Wire(BaseModel):
    model_config = ConfigDict(extra="ignore")


class RequestHeader(_Wire):
    """MsgHeader."""

    message_id: WireId
    message_ts: AwareDatetime
    action: Action
    sender_id: WireId
    sender_uri: Annotated[str | None, Field(max_length=500)] = None
    receiver_id: WireId | None = None
    total_count: Annotated[int, Field(ge=0, strict=True)]


class Sort(_Wire):
    attribute_name: Code
    sort_order: Literal["asc", "desc"] = "asc"


class SearchCriteria(_Wire):
    """What to search for. `pagination`, `sort`, `consent` and `authorize` are looked into later, to
    be refused by the code that the standard has for each."""

    reg_type: Code | None = None
    reg_record_type: Code | None = None
    response_entity: Code | None = None
    query_type: Literal["idtype-value", "expression", "predicate", "graphql"]
    query: JsonValue
    sort: JsonValue = None
    pagination: JsonValue = None
    consent: JsonValue = None
    authorize: JsonValue = None


class SearchItem(_Wire):
    reference_id: WireId
    timestamp: AwareDatetime
    search_criteria: SearchCriteria
    locale: Locale | None = None


class SearchRequest(_Wire):
    transaction_id: WireId
    search_request: Annotated[list[SearchItem], Field(min_length=1)]


class Frequency(_Wire):
    """From when to when events are told. They are told as they happen, whatever `frequency` (a
    cron expression) says; the answer says so."""

    start_time: AwareDatetime
    end_time: AwareDatetime
    frequency: Code


class SubscribeCriteria(_Wire):
    reg_type: Code | None = None
    reg_event_type: Code
    frequency: Frequency | None = None
    filter_type: Literal["idtype-value", "expression", "predicate", "graphql"] | None = None
    filter: JsonValue
    notify_record_type: Code
    authorize: JsonValue = None


class SubscribeItem(_Wire):
    reference_id: WireId
    timestamp: AwareDatetime
    subscribe_criteria: SubscribeCriteria
    locale: Locale | None = None


class SubscribeRequest(_Wire):
    transaction_id: WireId
    subscribe_request: Annotated[list[SubscribeItem], Field(min_length=1)]


class UnsubscribeRequest(_Wire):
    transaction_id: WireId
    timestamp: AwareDatetime
    subscription_codes: Annotated[list[WireId], Field(min_length=1, max_length=100)]


class StatusQuestion(_Wire):
    """By what, of which kind of request, the status is asked."""

    reference_id: WireId
    txn_type: Literal["search", "subscribe", "unsubscribe"]
    attribute_type: Literal[
        "transaction_id", "reference_id_list", "correlation_id", "subscription_code_list"
    ]
    attribute_value: WireId | Annotated[list[WireId], Field(min_length=1, max_length=100)]
    locale: Locale | None = None


class StatusRequest(_Wire):
    transaction_id: WireId
    txnstatus_request: StatusQuestion


RequestMessage = SearchRequest | SubscribeRequest | UnsubscribeRequest | StatusRequest

MESSAGES: dict[Action, type[RequestMessage]] = {
    Action.SEARCH: SearchRequest,
    Action.SUBSCRIBE: SubscribeRequest,
    Action.UNSUBSCRIBE: UnsubscribeRequest,
    Action.TXN_STATUS: StatusRequest,
}


def items_in(message: RequestMessage) -> int:
    """How many requests a message holds: what `total_count` must say."""
    if isinstance(message, SearchRequest):
        return len(message.search_request)
    if isinstance(message, SubscribeRequest):
        return len(message.subscribe_request)
    return len(message.subscription_codes) if isinstance(message, UnsubscribeRequest) else 1


class DciError(BaseModel):
    """The standard's Error."""

    code: str
    message: str


class DciAck(BaseModel):
    """`correlation_id` names the request from now on."""

    ack_status: Literal["ACK"] = "ACK"
    timestamp: str
    correlation_id: str


class DciAckResponse(BaseModel):
    message: DciAck


class SignedAnswer(BaseModel):
    """An answer of the sync doors: signed as the partner's profile says."""

    signature: str | None = None
    header: JsonObject
    message: JsonObject


class TokenView(BaseModel):
    """RFC 6749 section 5.1. `expires_in` are seconds, written as a text as the standard has it."""

    access_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 the name of a kind
    expires_in: str
    scope: Literal["registry"] = "registry"


class TokenDenial(BaseModel):
    """RFC 6749 section 5.2, and the standard's `errors`."""

    error: str
    errors: list[WireFault]
