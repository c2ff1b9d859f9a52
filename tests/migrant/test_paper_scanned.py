"""Every QR code that this service prints, read from a bad picture of its paper: drawn by Poppler at
150 dots an inch, spoilt to a stated degree, and read by ZBar. What is not read is never misread."""

from dataclasses import replace
from datetime import date

import httpx
import pytest

from services.migrant.certificates import sdjwt
from services.migrant.entitlements.queries import shipped, told
from services.migrant.entitlements.rules import Situation
from services.migrant.entitlements.sheets import link_of, sheet_of
from services.migrant.self_registrations.poster import PAGE, poster_pdf, qr_svg
from services.migrant.supplies.cards import sheet_of as cards_of
from services.migrant.supplies.schemas import CodesView
from shared.ids import new_id
from tests.migrant.samples import VILLAGE, id_number
from tests.migrant.test_certificates_routes import check, issue
from tests.migrant.test_certificates_showing import KEY, PAPERS
from tests.scanning import BY_HAND, Spoilt, covered, read_codes, scanned, taken

SEEDS = (1, 2)
BASE = "https://yipan.fangxian.example.gov.cn"
LITTLE: dict[str, sdjwt.Json] = {"over_18": True}
EVERYTHING: dict[str, sdjwt.Json] = {
    "name": "欧阳小梅",
    "sex": "2",
    "birth_date": "1992-03-04",
    "over_18": True,
    "id_number": id_number(),
    "home_region": VILLAGE,
    "marital_status": "20",
    "children": 2,
}


def credential(claims: dict[str, sdjwt.Json], *, bound: bool = False) -> str:
    """As long as a real one, with the addresses and numbers of a county."""
    payload: dict[str, sdjwt.Json] = {
        "iss": "county-420325",
        "vct": "https://yipan.dev/credentials/migrant-certificate",
        "jti": str(new_id()),
        "iat": 1_790_000_000,
        "exp": 1_800_000_000,
        "status": {
            "status_list": {"idx": 131071, "uri": f"{BASE}/migrant/v1/status-lists/12"},
        },
    }
    if bound:
        key: dict[str, sdjwt.Json] = {k: str(v) for k, v in KEY.as_dict(private=False).items()}
        payload["cnf"] = {"jwk": key}
    return sdjwt.issue(payload, claims, KEY, digests=8)


async def printed(client: httpx.AsyncClient, text: str) -> bytes:
    answer = await client.post(PAPERS, json={"credential": text})
    assert answer.status_code == 200, answer.text
    return answer.content


async def assert_read(pdf: bytes, *texts: str, how: Spoilt = BY_HAND) -> None:
    page = await scanned(pdf)
    for seed in SEEDS:
        assert sorted(await read_codes(taken(page, how, seed))) == sorted(texts)


@pytest.mark.parametrize("claims", [LITTLE, EVERYTHING], ids=["little", "everything"])
@pytest.mark.parametrize("bound", [False, True], ids=["paper", "phone"])
async def test_a_certificate_on_paper(
    client: httpx.AsyncClient, claims: dict[str, sdjwt.Json], bound: bool
) -> None:
    text = credential(claims, bound=bound)
    await assert_read(await printed(client, text), text)


async def test_the_poster() -> None:
    address = f"{BASE}{PAGE}?region={VILLAGE}&room_id={new_id()}"
    await assert_read(await poster_pdf(qr_svg(address), VILLAGE, "东街社区"), address)


async def test_what_she_can_get() -> None:
    views = told(shipped(), Situation(), "zh")
    address = link_of(views, BASE).address
    assert len(address) > 200
    await assert_read(await sheet_of(views, "zh", BASE), address)


async def test_cards_for_supplies() -> None:
    codes = CodesView(codes=["ACDE-FGHJ", "KLMN-PQRT"], expires_on=date(2027, 1, 1))
    await assert_read(await cards_of(codes), "ACDEFGHJ", "KLMNPQRT")


async def test_a_certificate_is_read_whole_or_not_at_all(client: httpx.AsyncClient) -> None:
    """The worse the picture the fewer are read; none is read as anything else."""
    text = credential(EVERYTHING)
    page = await scanned(await printed(client, text))
    for worse in (2, 4):
        how = replace(BY_HAND, blur=0.8 * worse, noise=8 * worse)
        assert await read_codes(taken(page, how)) in ([], [text])
    for part in (0.05, 0.2, 0.5):  # a thumb, a coffee cup, torn in half
        assert await read_codes(covered(page, part)) in ([], [text])
    assert await read_codes(covered(page, 0.5)) == []


async def test_from_the_paper_to_the_check(client: httpx.AsyncClient) -> None:
    text = (await issue(client))["credential"]
    (found,) = await read_codes(taken(await scanned(await printed(client, text)), BY_HAND))
    assert (await check(client, found))["outcome"] == "genuine"
    for length in (len(found) // 4, len(found) // 2, found.index("~") - 1, len(found) - 1):
        cut = await check(client, found[:length])
        assert (cut["outcome"], cut["reason"]["code"]) == ("malformed", "truncated"), length
