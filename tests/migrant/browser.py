"""A phone's browser for tests: reads a page as HTML, fills in its form and presses a button. It
sends what the form has and nothing else, and knows scripts and addresses that are in the page."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

import httpx


@dataclass
class Page(HTMLParser):
    """A page as parsed: its form's fields, its buttons, what is wrong by field, and its words."""

    status: int
    fields: dict[str, str] = field(default_factory=dict)
    hidden: set[str] = field(default_factory=set)
    required: set[str] = field(default_factory=set)
    buttons: list[str] = field(default_factory=list)
    wrong: dict[str, str] = field(default_factory=dict)
    action: str = ""
    language: str = ""
    links: list[str] = field(default_factory=list)
    tags: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    words: str = ""

    def __post_init__(self) -> None:
        super().__init__()
        self._select = ""
        self._wrong = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = {name: value or "" for name, value in attrs}
        self.tags.append((tag, known))
        name = known.get("name", "")
        if "required" in known:
            self.required.add(name)
        if tag == "html":
            self.language = known["lang"]
        elif tag == "form":
            assert known["method"] == "post"
            self.action = known["action"]
        elif tag == "input":
            self.fields[name] = known.get("value", "")
            self.hidden |= {name} if known.get("type") == "hidden" else set()
        elif tag == "select":
            self._select = name
            self.fields[name] = ""
        elif tag == "option" and "selected" in known:
            self.fields[self._select] = known["value"]
        elif tag == "button":
            self.buttons.append(known["value"])
        elif tag == "a":
            self.links.append(known["href"])
        elif tag == "span" and known.get("class") == "wrong":
            self._wrong = known["id"].removesuffix("-wrong")

    def handle_endtag(self, tag: str) -> None:
        self._wrong = "" if tag == "span" else self._wrong

    def handle_data(self, data: str) -> None:
        self.words += data
        if self._wrong:
            self.wrong[self._wrong] = data


def parsed(answer: httpx.Response) -> Page:
    assert answer.headers["content-type"].startswith("text/html"), answer.text
    page = Page(answer.status_code)
    page.feed(answer.text)
    page.close()
    return page


async def press(client: httpx.AsyncClient, page: Page, button: str = "send", **filled: Any) -> Page:
    """Fill in fields by their names (`companions.0.name` as `companions__0__name`) and press."""
    typed = {name.replace("__", "."): value for name, value in filled.items()}
    assert typed.keys() <= page.fields.keys(), typed.keys() - page.fields.keys()
    assert button in page.buttons
    sent = page.fields | typed | {"action": button}
    return parsed(await client.post(page.action, data=sent))
