"""The copy of her record on paper says all that the export says."""

from typing import get_args

from pydantic import BaseModel

from services.registry.rights.printed import WORDS, pages_of
from services.registry.rights.schemas import RecordExport
from tests.registry.test_own_data import OWN, herself
from tests.registry.vital_samples import MOTHER, Desk


def fields_of(model: type[BaseModel]) -> set[str]:
    """Every field of a model and of the models in it."""
    names = set(model.model_fields)
    for field in model.model_fields.values():
        for part in get_args(field.annotation) or (field.annotation,):
            if isinstance(part, type) and issubclass(part, BaseModel):
                names |= fields_of(part)
    return names


def test_every_field_of_the_export_has_a_chinese_name() -> None:
    assert fields_of(RecordExport) - set(WORDS) == set()


async def test_she_prints_what_she_exports(desk: Desk) -> None:
    mother = await desk.person(MOTHER)
    path = f"persons/{mother['id']}/export"
    content = (await desk.get(path, **herself(desk, mother["id"]))).json()
    pages = pages_of(RecordExport.model_validate(content))
    printed = str(pages)
    assert MOTHER["name"] in printed and MOTHER["id_number"] in printed
    assert mother["residence"]["region"] in printed
    pdf = await desk.get(f"{path}.pdf", **herself(desk, mother["id"]))
    assert pdf.content.startswith(b"%PDF")
    assert pdf.headers["content-type"] == "application/pdf"
    assert pdf.headers["cache-control"] == "no-store"


async def test_nobody_else_prints_it(desk: Desk) -> None:
    mother = await desk.person(MOTHER)
    path = f"persons/{mother['id']}/export.pdf"
    reader = desk.as_actor(scope="registry:read")
    assert (await desk.get(path, **reader | OWN)).status_code == 403
    assert (await desk.get(path, **{"Purpose": "service"})).status_code == 403
