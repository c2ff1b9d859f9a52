"""Attachments of questions and answers, from desk to desk and to the city that decides."""

from uuid import UUID

from tests.exchange.attachment_samples import PNG, content_at, make_pdf, upload
from tests.exchange.federation import CITY, COUNTY, OTHER, Federation, Node, eventually, settled
from tests.exchange.samples import make_inquiry
from tests.exchange.test_inquiries_federation import ANSWER, act, opened


async def all_here(node: Node, count: int) -> list[UUID]:
    """The ids of a node's attachments, once so many are stored."""

    async def enough() -> list[UUID]:
        rows = await node.fetch("SELECT id FROM attachments WHERE state = 'stored' ORDER BY id")
        return [row["id"] for row in rows] if len(rows) == count else []

    found: list[UUID] = await eventually(enough)
    return found


async def test_files_of_question_and_answer_reach_the_other_desk(friends: Federation) -> None:
    asking, asked = friends[COUNTY], friends[OTHER]
    question = (await upload(asking, PNG, name="登记表.png"))["id"]
    inquiry = await opened(friends, attachments=[question])
    assert await all_here(asked, 1) == [UUID(question)]
    view = await asked.call("GET", f"/inquiries/{inquiry}")
    assert [(each["id"], each["name"]) for each in view["attachments"]] == [
        (question, "登记表.png")
    ]
    assert await content_at(asked, UUID(question)) == PNG
    reply = make_pdf(400)
    answer = (await upload(asked, reply))["id"]
    await act(friends, asked, inquiry, "answer", ANSWER | {"attachments": [answer]})
    assert UUID(answer) in await all_here(asking, 2)
    view = await asking.call("GET", f"/inquiries/{inquiry}")
    assert [each["id"] for each in view["steps"][-1]["act"]["attachments"]] == [answer]
    assert await content_at(asking, UUID(answer)) == reply
    listed = await asking.call("GET", f"/attachments?inquiry_id={inquiry}")
    assert sorted(each["id"] for each in listed) == sorted([question, answer])
    # the message holds a reference and a hash, not the file
    assert "登记表" in str(friends.network.sent[0]) and PNG.hex() not in str(friends.network.sent)


async def test_the_city_that_decides_gets_the_files_of_both(friends: Federation) -> None:
    asking, asked, city = friends[COUNTY], friends[OTHER], friends[CITY]
    question = (await upload(asking, PNG))["id"]
    inquiry = await opened(friends, attachments=[question])
    answer = (await upload(asked, make_pdf(400)))["id"]
    await act(friends, asked, inquiry, "answer", ANSWER | {"attachments": [answer]})
    await all_here(asking, 2)
    proof = (await upload(asking, make_pdf(500)))["id"]
    dispute = {"note": "住址与附件不符", "attachments": [proof]}
    await act(friends, asking, inquiry, "dispute", dispute)
    ids = [str(each) for each in await all_here(city, 3)]
    assert sorted(ids) == sorted([question, answer, proof])
    assert await content_at(city, UUID(answer)) == make_pdf(400)


async def test_a_file_goes_along_where_the_inquiry_goes(friends: Federation) -> None:
    asking, asked = friends[COUNTY], friends[OTHER]
    question = (await upload(asking, PNG))["id"]
    inquiry = await opened(friends, attachments=[question])
    await all_here(asked, 1)
    path = f"/attachments/{question}"
    await asked.call("GET", path, expect=404, region="420381002")
    await act(friends, asked, inquiry, "forward", {"region": "420381002"})
    await asked.call("GET", path, region="420381002")


async def test_which_acts_take_files(friends: Federation) -> None:
    asking, asked = friends[COUNTY], friends[OTHER]
    inquiry = await opened(friends)
    file = (await upload(asked, PNG))["id"]
    await act(friends, asked, inquiry, "accept", {"attachments": [file]}, expect=422)
    theirs = (await upload(asked, PNG, sub="clerk-2"))["id"]
    body = ANSWER | {"attachments": [theirs]}
    await act(friends, asked, inquiry, "answer", body, expect=404)
    missing = make_inquiry(attachments=["00000000-0000-7000-8000-000000000000"])
    await asking.call("POST", "/inquiries", missing, expect=404)
    await asking.call("POST", "/inquiries", make_inquiry(attachments=["x"]), expect=422)
    await settled(friends)
    assert not await asking.fetch("SELECT 1 FROM attachments")
