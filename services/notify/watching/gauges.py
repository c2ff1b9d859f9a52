"""Delivery as Prometheus gauges, beside the other metrics of the service."""

from prometheus_client import CollectorRegistry, Gauge

from services.notify.watching.schemas import DeliveryView, FlowView


class DeliveryGauges:
    """The figures of the whole county, by provider and lane. They hold counts alone."""

    def __init__(self, registry: CollectorRegistry) -> None:
        def gauge(name: str, text: str, *labels: str) -> Gauge:
            return Gauge(f"yipan_sms_{name}", text, labels, registry=registry)

        self._waiting = gauge("waiting", "Texts not handed over yet (queued, due, held)",
                              "lane", "state")  # fmt: skip
        self._oldest = gauge("oldest_unsent_seconds", "Age of the oldest text that may go", "lane")
        self._texts = gauge(
            "texts",
            "Texts under way, and those that ended in the last 24 hours, by state",
            "provider", "lane", "state",
        )  # fmt: skip
        self._segments = gauge("segments_last_day", "Segments accepted", "provider", "lane")
        self._success = gauge(
            "success_percent", "Delivered, of texts that ended", "provider", "lane", "period"
        )
        self._points = gauge("provider_points", "Points left, of its weight", "provider")
        self._weight = gauge("provider_weight", "Points of a sound provider", "provider")
        self._all = (self._waiting, self._oldest, self._texts, self._segments, self._success,
                     self._points, self._weight)  # fmt: skip

    def show(self, view: DeliveryView) -> None:
        """Replace what was shown before; what is no more, disappears."""
        for gauge in self._all:
            gauge.clear()
        for lane in view.lanes:
            for state in ("queued", "due", "held"):
                self._waiting.labels(lane.lane, state).set(getattr(lane, state))
            self._oldest.labels(lane.lane).set(lane.oldest_unsent_seconds or 0)
        for flow in view.flows:
            self._show_flow(flow)
        for provider in view.providers:
            self._points.labels(provider.provider).set(provider.points)
            self._weight.labels(provider.provider).set(provider.weight)

    def _show_flow(self, flow: FlowView) -> None:
        who = (flow.provider or "none", flow.lane)
        counts = {
            "in-flight": flow.in_flight,
            "unknown": flow.unknown,
            "awaiting-receipt": flow.awaiting_receipt,
            "delivered": flow.delivered,
            "failed": sum(flow.failed.values()),
            "unconfirmed": flow.unconfirmed,
            "cancelled": flow.cancelled,
        }
        for state, texts in counts.items():
            self._texts.labels(*who, state).set(texts)
        self._segments.labels(*who).set(flow.segments)
        for period, rate in (("hour", flow.success_last_hour), ("day", flow.success_last_day)):
            if rate is not None:
                self._success.labels(*who, period).set(rate)
