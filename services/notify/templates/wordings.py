"""Signature and opt-out sentence as a provider wants them (按服务商的签名与拒收方式). Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from services.notify.settings import ProviderTerms, Sending
from services.notify.templates.rules import compose


class Signed(Protocol):
    """A template, as far as what stands around its text goes."""

    @property
    def signature(self) -> str: ...

    @property
    def kind(self) -> str: ...

    @property
    def language(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Wording:
    """What stands around a text."""

    signature: str
    kind: str
    language: str
    opt_out: str | None = None

    def dress(self, text: str) -> str:
        return compose(self.signature, text, self.kind, self.language, opt_out=self.opt_out)

    def undressed(self, text: str) -> str:
        """With the opt-out sentence and without the signature."""
        return self.dress(text).removeprefix(f"【{self.signature}】")


def wording_for(
    template: Signed, provider: str, signatures: Mapping[str, str], sending: Sending
) -> Wording:
    """What a provider puts around a template's texts."""
    return Wording(
        signatures.get(provider, template.signature),
        template.kind,
        template.language,
        opt_out_of(sending.terms.get(provider), template.language),
    )


def dress_anew(body: str, now: Wording, then: Wording) -> str:
    """A text that was dressed one way, dressed another. One that is not dressed as said stays as
    it is."""
    start, end = f"【{now.signature}】", now.undressed("")
    if now == then or not body.startswith(start) or not body.endswith(end):
        return body
    return then.dress(body[len(start) : len(body) - len(end)])


def opt_out_of(terms: ProviderTerms | None, language: str) -> str | None:
    """Its own sentence in this language or another form of it; None: the language's."""
    if terms is None:
        return None
    stem = language.partition("-")[0]
    return terms.opt_out.get(language, terms.opt_out.get(stem))
