"""Reads what a partner asks. Pure.

The three kinds of query become one thing: whom it is about, and conditions on what is told of them.
Without somebody named by her id number, or by name and birth date, there is no search: a list of
strangers is never an answer. A condition on an attribute that the purpose does not disclose is
refused, since its answer would tell the attribute.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, get_args

from pydantic import JsonValue, TypeAdapter, ValidationError

from services.exchange.dci.errors import (
    BAD_CRITERIA,
    BAD_DETAILS,
    BAD_EVENT,
    BAD_FILTER,
    BAD_PAGE,
    BAD_PERSON,
    BAD_SORT,
    TOO_MANY,
    Rejected,
)
from services.exchange.dci.profiles import PROFILES, Profile, last_part
from services.exchange.dci.rules import (
    Asked,
    Condition,
    Identity,
    Operator,
    Search,
    Wish,
    comparable,
)
from services.exchange.dci.schemas import SearchCriteria, Sort, SubscribeCriteria
from shared.codes import ResidentId
from shared.text import PersonName

MOST_PERSONS: Final = 50  # of one search
MOST_ON_A_PAGE: Final = 100
MOST_CONDITIONS: Final = 20

_ID_NUMBER: Final[TypeAdapter[str]] = TypeAdapter(ResidentId)
_NAME: Final[TypeAdapter[str]] = TypeAdapter(PersonName)
_SORTS: Final = TypeAdapter(list[Sort])


@dataclass(frozen=True)
class Allowed:
    """What a partner may ask: names of profiles, and codes of purposes."""

    profiles: Sequence[str]
    purposes: Sequence[str]


def read_search(criteria: SearchCriteria, allowed: Allowed) -> Search:
    """Raises Rejected."""
    asked = _asked(criteria.reg_type, criteria.reg_record_type, criteria.authorize, allowed)
    if criteria.response_entity not in (None, "Member"):
        raise Rejected(BAD_CRITERIA, "仅提供个人记录", "Only persons are answered, not groups")
    _same_purpose(criteria.consent, asked.purpose)
    identities, conditions = _query(criteria.query_type, criteria.query, asked.told)
    told = comparable(asked)
    if outside := [each for each in conditions if each.attribute not in told]:
        raise _undisclosed(BAD_FILTER, outside[0].attribute)
    size, number = _page(criteria.pagination)
    sort = _sort(criteria.sort, told)
    return Search(asked, identities, conditions, sort, size, number)


def read_wish(criteria: SubscribeCriteria, allowed: Allowed) -> Wish:
    """Raises Rejected."""
    try:
        asked = _asked(criteria.reg_type, criteria.notify_record_type, criteria.authorize, allowed)
    except Rejected as rejected:
        raise Rejected(BAD_DETAILS, rejected.reason.zh, rejected.reason.en) from None
    followed = asked.told.events.get(last_part(criteria.reg_event_type))
    if followed is None or followed.event not in asked.why.events:
        raise Rejected(
            BAD_EVENT,
            "此目的不可订阅该事件",
            "This event cannot be followed for this purpose",
        )
    kind = criteria.filter_type or _kind_of(criteria.filter, asked.told)
    try:
        identities, conditions = _query(kind, criteria.filter, asked.told)
    except Rejected as rejected:
        raise Rejected(BAD_PERSON, rejected.reason.zh, rejected.reason.en) from None
    if len(identities) != 1 or identities[0].id_number is None or conditions:
        raise Rejected(
            BAD_PERSON,
            "请以证件号码指明一人",
            "One person is named by her id number, without further conditions",
        )
    return Wish(asked, followed.event, identities[0])


# whose data, why


def _asked(
    reg_type: str | None, record_type: str | None, authorize: JsonValue, allowed: Allowed
) -> Asked:
    purpose = _purpose_in(authorize)
    if purpose is None or purpose not in allowed.purposes:
        raise Rejected(
            BAD_CRITERIA,
            "authorize.purpose.code 缺失或不在许可之列",
            "authorize.purpose.code is missing, or not one that you may ask for",
        )
    fitting = [
        name
        for name in allowed.profiles
        if (profile := PROFILES.get(name)) is not None
        and purpose in profile.purposes
        and (reg_type is None or last_part(reg_type) in profile.registry_types)
        and (record_type is None or last_part(record_type) in profile.record_types)
    ]
    if len(fitting) != 1:
        raise Rejected(
            BAD_CRITERIA,
            "没有您可为此目的查询的此类登记",
            "No such registry that you may ask for this purpose",
        )
    return Asked(fitting[0], purpose)


def _purpose_in(statement: JsonValue) -> str | None:
    """The code in an Authorize or Consent."""
    purpose = statement.get("purpose") if isinstance(statement, dict) else None
    code = purpose.get("code") if isinstance(purpose, dict) else None
    return last_part(code) if isinstance(code, str) else None


def _same_purpose(consent: JsonValue, purpose: str) -> None:
    """What a partner says of a consent decides nothing: hers is looked up. But it may not be for
    something else."""
    if consent is not None and _purpose_in(consent) != purpose:
        raise Rejected(
            BAD_CRITERIA,
            "consent 与 authorize 的目的不一致",
            "consent and authorize are not for the same purpose",
        )


# the three kinds of query


def _query(
    kind: str, query: JsonValue, profile: Profile
) -> tuple[tuple[Identity, ...], tuple[Condition, ...]]:
    if kind == "idtype-value":
        conditions = _by_identifier(query)
    elif kind == "expression":
        conditions = _by_expression(query)
    elif kind == "predicate":
        conditions = _by_predicates(query)
    else:
        raise Rejected(BAD_CRITERIA, "不支持此查询方式", "This query type is not offered")
    if not 0 < len(conditions) <= MOST_CONDITIONS:
        raise _malformed()
    return _identities(conditions, profile)


def _kind_of(query: JsonValue, profile: Profile) -> str:
    if isinstance(query, list):
        return "predicate"
    named = query.get("type") if isinstance(query, dict) else None
    known = isinstance(named, str) and last_part(named) in profile.identifiers
    return "idtype-value" if known else "expression"


def _by_identifier(query: JsonValue) -> list[Condition]:
    if not isinstance(query, dict) or not isinstance(query.get("type"), str):
        raise _malformed()
    return [Condition(last_part(str(query["type"])), "eq", (_text(query.get("value")),))]


def _by_expression(query: JsonValue) -> list[Condition]:
    """{"value": {"expression": {"query": {"UIN": {"$eq": …}}}}}, or several under $and."""
    inner = query.get("value") if isinstance(query, dict) else None
    inner = inner.get("expression") if isinstance(inner, dict) else None
    inner = inner.get("query") if isinstance(inner, dict) else None
    if not isinstance(inner, dict):
        raise _malformed()
    parts = inner.get("$and") if set(inner) == {"$and"} else [inner]
    if not isinstance(parts, list):
        raise _malformed()
    found = []
    for part in parts:
        if not isinstance(part, dict):
            raise _malformed()
        for attribute, test in part.items():
            if not isinstance(test, dict) or attribute.startswith("$"):
                raise _malformed()
            found += [
                _condition(attribute, name.removeprefix("$"), value) for name, value in test.items()
            ]
    return found


def _by_predicates(query: JsonValue) -> list[Condition]:
    """A list of {expression1, condition, expression2}, all of which must hold."""
    if not isinstance(query, list):
        raise _malformed()
    found = []
    for part in query:
        if not isinstance(part, dict) or part.get("condition", "and") != "and":
            raise Rejected(BAD_FILTER, "条件只能以 and 相连", "Conditions are joined by and only")
        for name in ("expression1", "expression2"):
            if (test := part.get(name)) is not None or name == "expression1":
                if not isinstance(test, dict):
                    raise _malformed()
                found.append(
                    _condition(
                        str(test.get("attribute_name")),
                        str(test.get("operator")),
                        test.get("attribute_value"),
                    )
                )
    return found


def _condition(attribute: str, operator: str, value: JsonValue) -> Condition:
    """`in` takes a list, or a text with commas: a predicate's value cannot be a list."""
    if operator not in get_args(Operator):
        raise Rejected(BAD_FILTER, "没有这种比较", "No such operator")
    if operator == "in":
        several = value if isinstance(value, list) else _text(value).split(",")
        return Condition(last_part(attribute), "in", tuple(_text(each) for each in several))
    made: Operator = operator  # type: ignore[assignment]  # narrowed by get_args above
    return Condition(last_part(attribute), made, (_text(value),))


def _identities(
    conditions: Sequence[Condition], profile: Profile
) -> tuple[tuple[Identity, ...], tuple[Condition, ...]]:
    """Who is named, and the conditions that remain."""
    numbers = [each for each in conditions if each.attribute in profile.identifiers]
    if numbers:
        if len(numbers) > 1 or numbers[0].operator not in ("eq", "in") or not numbers[0].values:
            raise _malformed()
        named = tuple(dict.fromkeys(_id_number(each) for each in numbers[0].values))
        if len(named) > MOST_PERSONS:
            raise Rejected(
                TOO_MANY,
                f"一次最多 {MOST_PERSONS} 人",
                f"At most {MOST_PERSONS} persons at a time",
            )
        rest = tuple(each for each in conditions if each.attribute not in profile.identifiers)
        return tuple(Identity(id_number=each) for each in named), rest
    exact = {each.attribute: each for each in conditions if each.operator == "eq"}
    if not {"name", "birth_date"} <= exact.keys():
        raise Rejected(
            BAD_CRITERIA,
            "请以证件号码,或姓名加出生日期指明何人",
            "Say who is meant: by id number, or by name and birth date",
        )
    name, born = exact["name"], exact["birth_date"]
    rest = tuple(each for each in conditions if each not in (name, born))
    who = Identity(name=_name(name.values[0]), birth_date=_day(born.values[0]))
    return (who,), rest


def _id_number(text: str) -> str:
    try:
        return _ID_NUMBER.validate_python(text)
    except ValidationError:
        raise Rejected(BAD_CRITERIA, "证件号码不正确", "Not a valid id number") from None


def _name(text: str) -> str:
    try:
        return _NAME.validate_python(text)
    except ValidationError:
        raise Rejected(BAD_CRITERIA, "姓名不正确", "Not a name") from None


def _day(text: str) -> str:
    try:
        return date.fromisoformat(text[:10]).isoformat()
    except ValueError:
        raise Rejected(BAD_CRITERIA, "日期不正确", "Not a day") from None


def _text(value: JsonValue) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= 200:
        raise _malformed()
    return value.strip()


# order and pages


def _sort(sort: JsonValue, told: frozenset[str]) -> tuple[tuple[str, bool], ...]:
    if sort is None:
        return ()
    try:
        read = _SORTS.validate_python(sort)
    except ValidationError:
        raise Rejected(BAD_SORT, "排序不符合约定", "The sort is malformed") from None
    for each in read:
        if last_part(each.attribute_name) not in told:
            raise _undisclosed(BAD_SORT, each.attribute_name)
    return tuple((last_part(each.attribute_name), each.sort_order == "desc") for each in read[:10])


def _page(pagination: JsonValue) -> tuple[int, int]:
    """Size and number (from 1). Without pagination: one page of everybody named."""
    if pagination is None:
        return MOST_ON_A_PAGE, 1
    asked = pagination if isinstance(pagination, dict) else {}
    size, number = asked.get("page_size"), asked.get("page_number", 1)
    whole = _whole(size) and _whole(number)
    if not whole or not (1 <= int(str(size)) <= MOST_ON_A_PAGE and 1 <= int(str(number)) <= 10**6):
        raise Rejected(
            BAD_PAGE,
            f"每页 1 至 {MOST_ON_A_PAGE} 条,页码从 1 起",
            f"Pages hold 1 to {MOST_ON_A_PAGE} records and are counted from 1",
        )
    return int(str(size)), int(str(number))


def _whole(number: JsonValue) -> bool:
    return isinstance(number, int) and not isinstance(number, bool)


def _malformed() -> Rejected:
    return Rejected(BAD_CRITERIA, "查询条件不符合约定", "The query does not have the agreed form")


def _undisclosed(code: str, attribute: str) -> Rejected:
    return Rejected(
        code,
        "此目的不提供该项,不能据以筛选或排序",
        "The purpose does not disclose this attribute, so nothing is found or sorted by it",
    )
