"""What partners may ask, as data and as rules; and where answers may go."""

import json
from pathlib import Path
from typing import Any

import pytest

from services.exchange.dci import profiles
from services.exchange.dci.errors import Rejected
from services.exchange.dci.profiles import PROFILES, read_profiles
from services.exchange.dci.reading import Allowed, read_search
from services.exchange.dci.rules import (
    Asked,
    Condition,
    Entry,
    Identity,
    as_record,
    callback_of,
    clamp,
    fits,
    in_order,
)
from services.exchange.dci.schemas import SearchCriteria
from services.migrant.consents.rules import ConsentPurpose
from shared.ids import new_id
from tests.exchange.dci_samples import CIVIL, NOBODY, SOCIAL, WANG, by_id, expression, item

ALL = Allowed(["civil", "social"], [CIVIL, SOCIAL, "social-insurance"])
SHIPPED = Path(profiles.__file__).with_name("profiles.json")
# The rights line, for what leaves the county by this door.
NEVER = ("contracep", "pregnan", "surgery", "fetal", "quota", "penalty", "score", "income", "phone")


def read(asked: dict[str, Any], allowed: Allowed = ALL) -> Any:
    return read_search(SearchCriteria.model_validate(asked["search_criteria"]), allowed)


def test_every_purpose_has_a_law_or_a_consent_that_can_be_given() -> None:
    for profile in PROFILES.values():
        for asked in profile.purposes.values():
            assert len(asked.source) > 8
            assert asked.consent is None or asked.consent in set(ConsentPurpose)
            assert asked.zh and asked.en
    social = PROFILES["social"].purposes.values()
    assert all(each.consent is not None for each in social)


def test_nothing_that_is_never_held_is_told() -> None:
    text = SHIPPED.read_text("utf-8").lower()
    assert not [word for word in NEVER if word in text]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda file: file["civil"]["purposes"][CIVIL]["attributes"].append("income"),
        lambda file: file["social"]["purposes"][SOCIAL]["events"].append("death"),
        lambda file: file["civil"]["purposes"][CIVIL].pop("source"),
        lambda file: file["civil"]["purposes"][CIVIL].update(purpose="curiosity"),
        lambda file: file["civil"].update(surprise=1),
    ],
)
def test_a_list_that_is_not_closed_is_refused(spoil: Any) -> None:
    file = json.loads(SHIPPED.read_text("utf-8"))
    read_profiles(json.dumps(file))
    spoil(file)
    with pytest.raises(ValueError, match=r"."):
        read_profiles(json.dumps(file))


def test_the_registry_follows_from_type_record_and_purpose() -> None:
    assert read(item(by_id(NOBODY), reg_type=None)).asked == Asked("civil", CIVIL)
    assert read(item(by_id(NOBODY), SOCIAL, reg_type=None, reg_record_type=None)).asked == Asked(
        "social", SOCIAL
    )
    with pytest.raises(Rejected):
        read(item(by_id(NOBODY)), Allowed(["social"], ALL.purposes))
    with pytest.raises(Rejected):
        read(item(by_id(NOBODY)), Allowed(ALL.profiles, [SOCIAL]))


def test_a_number_is_read_as_people_write_it() -> None:
    (who,) = read(item(expression(NationalID={"$eq": f" {WANG['id_number'].lower()} "}))).identities
    assert who == Identity(id_number=WANG["id_number"])


@pytest.mark.parametrize(
    "query",
    [
        {"query_type": "idtype-value", "query": []},
        {"query_type": "idtype-value", "query": {"type": "UIN"}},
        {"query_type": "idtype-value", "query": {"type": "MOBILE", "value": "13900000001"}},
        {"query_type": "idtype-value", "query": {"type": "UIN", "value": 1}},
        {"query_type": "predicate", "query": []},
        {"query_type": "predicate", "query": [{}]},
        {"query_type": "predicate", "query": [{"expression1": {"attribute_name": "UIN"}}]},
        {"query_type": "expression", "query": {"value": "UIN"}},
        expression(UIN=NOBODY),
        expression(UIN={"$ne": NOBODY}),
        expression(UIN={"$in": []}),
        expression(**{"$or": [{"UIN": {"$eq": NOBODY}}]}),
        expression(UIN={"$in": [NOBODY] * 3 + [1]}),
        {"query_type": "expression", "query": {"value": {"expression": {"query": {"$and": 1}}}}},
        {"query_type": "expression", "query": {"value": {"expression": {"query": {"$and": [1]}}}}},
        expression(**{f"a{n}": {"$eq": "x"} for n in range(30)}, UIN={"$eq": NOBODY}),
        expression(name={"$eq": "王芳"}, birth_date={"$eq": "soon"}),
        expression(name={"$eq": "<b>"}, birth_date={"$eq": "1990-01-01"}),
    ],
)
def test_a_query_without_form_or_without_anybody_is_rejected(query: dict[str, Any]) -> None:
    with pytest.raises(Rejected):
        read(item(query))


def test_not_too_many_persons_at_a_time() -> None:
    from tests.registry.places import number

    numbers = [number("19900101", n) for n in range(1, 60)]
    with pytest.raises(Rejected) as error:
        read(item(expression(UIN={"$in": numbers})))
    assert error.value.code == "rjct.search.too_many_records_found"
    assert len(read(item(expression(UIN={"$in": numbers[:50] * 2}))).identities) == 50


def test_clamping_tells_words_of_the_list_and_nothing_else() -> None:
    said = {
        "person": {"name": "王芳", "sex": "2", "phone": "139", "status": "annulled"},
        "marital": {"status": "90"},
    }
    told = clamp(said, Asked("civil", CIVIL))
    assert told == {"name": "王芳", "sex": "female"}
    record = as_record(told, Identity(name="王芳", birth_date="1990-01-01"), PROFILES["civil"])
    assert "identifier" not in record
    assert record["name"] == {"@type": "Name", "given_name": "王芳"}


def test_what_is_not_known_fits_no_condition() -> None:
    born = Condition("birth_date", "le", ("2000-01-01",))
    assert fits({"birth_date": "1990-01-01"}, [born])
    assert not fits({"birth_date": "2001-01-01"}, [born])
    assert not fits({}, [born])
    assert fits({"sex": "male"}, [Condition("sex", "in", ("male", "female"))])
    for operator, holds in (("gt", False), ("ge", True), ("lt", False), ("eq", True)):
        assert fits({"x": "b"}, [Condition("x", operator, ("b",))]) is holds  # type: ignore[arg-type]


def test_order_is_by_each_attribute_in_turn_and_the_unknown_last() -> None:
    told: list[dict[str, Any]] = [
        {"a": "1", "b": "2"},
        {"b": "1"},
        {"a": "1", "b": "3"},
        {"a": "0"},
    ]
    entries = [Entry(new_id(), each, {}) for each in told]
    ordered = [each.told for each in in_order(entries, [("a", True), ("b", True)])]
    assert ordered == [told[2], told[0], told[3], told[1]]


@pytest.mark.parametrize(
    ("uri", "taken"),
    [
        ("https://a.example.org/dci/on-search", True),
        ("https://A.example.org/dci/x?y=1", True),
        ("https://a.example.org/dci", True),
        ("https://a.example.org/dcix/on-search", False),
        ("https://a.example.org/other", False),
        ("http://a.example.org/dci/on-search", False),
        ("https://a.example.org:8443/dci/x", False),
        ("https://a.example.org@evil.example.org/dci/x", False),
        ("https://a.example.org/dci/../admin", False),
        ("https://a.example.org/dci/%2e%2e/admin", False),
        ("https://a.example.org/dci/..\\admin", False),
        ("//a.example.org/dci/x", False),
    ],
)
def test_answers_go_to_the_registered_address_alone(uri: str, taken: bool) -> None:
    found = callback_of(uri, "https://a.example.org/dci", "search")
    assert found == (uri if taken else None)
    default = callback_of(None, "https://a.example.org/dci", "txn-status")
    assert default == "https://a.example.org/dci/registry/txn/on-status"
