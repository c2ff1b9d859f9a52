"""The providers that settings describe."""

from services.notify.providers.cloud.provider import CloudProvider
from services.notify.providers.cmpp.dialect import Cmpp
from services.notify.providers.cmpp.provider import CmppProvider
from services.notify.providers.http import HttpProvider
from services.notify.providers.inbound import Inbox
from services.notify.providers.kannel import KannelProvider
from services.notify.providers.link import Peer
from services.notify.providers.schemas import Provider
from services.notify.providers.smpp.dialect import Smpp
from services.notify.providers.smpp.provider import SmppProvider
from services.notify.settings import AnyProvider, CmppSettings, SmppSettings


def provider_of(settings: AnyProvider, inbox: Inbox) -> Provider:
    """The provider that settings describe; what its link brings goes to the inbox."""
    if settings.kind == "smpp":
        return _smpp(settings, inbox)
    if settings.kind == "cmpp":
        return _cmpp(settings, inbox)
    if settings.kind == "cloud":
        return CloudProvider(settings)
    if settings.kind == "kannel":
        return KannelProvider(settings)
    return HttpProvider(settings)


def _smpp(settings: SmppSettings, inbox: Inbox) -> SmppProvider:
    login = Smpp(settings.system_id, settings.password.get_secret_value(), settings.system_type)
    return SmppProvider(
        settings.name,
        _peer(settings),
        login,
        inbox,
        rate=settings.rate,
        weight=settings.weight,
        number=settings.number,
        country=settings.country,
        ids=settings.ids,
    )


def _cmpp(settings: CmppSettings, inbox: Inbox) -> CmppProvider:
    login = Cmpp(settings.source_addr, settings.secret.get_secret_value())
    return CmppProvider(
        settings.name,
        _peer(settings),
        login,
        inbox,
        rate=settings.rate,
        weight=settings.weight,
        number=settings.number,
        service_id=settings.service_id,
        chinese=settings.chinese,
    )


def _peer(settings: SmppSettings | CmppSettings) -> Peer:
    return Peer(
        settings.host,
        settings.port,
        tls=settings.tls,
        ca_file=settings.ca_file,
        window=settings.window,
        timeout=settings.timeout,
        enquire_every=settings.enquire_seconds,
    )
