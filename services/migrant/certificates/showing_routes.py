"""HTTP door of showing: what is posted here is the holder's own text. Nothing of it is stored, and
no transaction is opened."""

import asyncio
from pathlib import Path
from typing import Annotated, Final

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from services.migrant.auth import CanRequest
from services.migrant.certificates import showing
from services.migrant.certificates.schemas import Claims
from shared.commands import Command
from shared.http import Route
from shared.printing import pdf_of

router = APIRouter(tags=["certificates"], route_class=Route)

_TEMPLATE: Final = Path(__file__).with_name("certificate.typ")
_PDF: Final = "application/pdf"
_CREDENTIAL = Annotated[str, Field(min_length=1, max_length=20_000)]


class PresentCertificate(Command):
    """Show these claims of a certificate, and no others."""

    credential: _CREDENTIAL
    claims: Claims


class PrintCertificate(Command):
    credential: _CREDENTIAL


class PresentationView(BaseModel):
    """What to show. `key_bound` tells that a checker may ask her phone for a proof."""

    presentation: str
    qr_svg: str
    key_bound: bool


@router.post("/certificate-presentations", summary="Show a part of one's own certificate")
async def present_certificate(
    command: PresentCertificate, actor: CanRequest, response: Response
) -> PresentationView:
    response.headers["Cache-Control"] = "no-store"
    text = showing.present(command.credential, command.claims)
    return PresentationView(
        presentation=text,
        qr_svg=await asyncio.to_thread(showing.code_of, text),
        key_bound=showing.key_bound(command.credential),
    )


@router.post(
    "/certificate-papers",
    summary="One's own certificate on paper (PDF, A5)",
    response_class=Response,
    responses={200: {"content": {_PDF: {}}}},
)
async def print_certificate(command: PrintCertificate, actor: CanRequest) -> Response:
    return Response(
        await pdf_of(_TEMPLATE, await asyncio.to_thread(showing.paper_of, command.credential)),
        media_type=_PDF,
        headers={"Cache-Control": "no-store"},
    )
