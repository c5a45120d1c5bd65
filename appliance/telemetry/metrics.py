"""The box in figures for Prometheus (text exposition format 0.0.4), from one look at its status."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from prometheus_client.core import CollectorRegistry, CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import generate_latest

from appliance.telemetry.figures import ProcessFigures


@dataclass(frozen=True, slots=True, kw_only=True)
class BoxFigures:
    """What is exported. ``trunks``: id → (status, usable); ``modules``: id → signal in dBm, None unknown."""

    calls: int
    legs: int
    max_legs: int
    extensions: int
    devices: int
    contacts: int
    edge_up: bool
    internet: str
    trunks: Mapping[str, tuple[str, bool]] = field(default_factory=dict)
    modules: Mapping[str, int | None] = field(default_factory=dict)
    alarms: Mapping[str, int] = field(default_factory=dict)
    """Kind → how many are active."""
    mails_waiting: int = 0
    free_bytes: int = 0
    process: ProcessFigures
    exchange: Mapping[str, float] = field(default_factory=dict)
    """Of exchange with the cloud, by name; ``up`` is 1 while there is a connection."""


def exposition(figures: BoxFigures) -> str:
    """The text that a scrape gets."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collector(figures))
    text: str = generate_latest(registry).decode()
    return text


class _Collector:
    def __init__(self, figures: BoxFigures) -> None:
        self._figures = figures

    def collect(self) -> Iterator[Metric]:
        """Every metric, once."""
        figures = self._figures
        for name, words, value in (
            ("calls", "Calls in progress", figures.calls),
            ("legs", "Legs in progress", figures.legs),
            ("legs_limit", "Legs admitted at the same time", figures.max_legs),
            ("extensions", "Extensions configured", figures.extensions),
            ("devices", "Phones configured", figures.devices),
            ("contacts", "Phones registered", figures.contacts),
            ("edge_up", "1 while the edge is there", int(figures.edge_up)),
            ("mails_waiting", "Mails in the queue", figures.mails_waiting),
            ("free_bytes", "Room on the disk of the state folder", figures.free_bytes),
            ("resident_bytes", "Memory of the core", figures.process.rss_bytes),
            ("open_files", "Open files of the core", figures.process.open_fds),
            ("threads", "Threads of the core", figures.process.threads),
        ):
            yield GaugeMetricFamily(f"ortsamt_{name}", words, value=value)
        for name, number in figures.exchange.items():
            yield GaugeMetricFamily(f"ortsamt_sync_{name}", "Exchange with the cloud", value=number)
        yield CounterMetricFamily("ortsamt_cpu_seconds", "Processor time", figures.process.cpu_s)
        internet = GaugeMetricFamily("ortsamt_internet", "1 for the state it is in", labels=["state"])
        for state in ("online", "degraded", "cut_off"):
            internet.add_metric([state], int(state == figures.internet))
        yield internet
        up = GaugeMetricFamily("ortsamt_trunk_up", "1 while it can take calls", labels=["trunk", "status"])
        for trunk, (status, usable) in figures.trunks.items():
            up.add_metric([trunk, status], int(usable))
        yield up
        signal = GaugeMetricFamily("ortsamt_gsm_signal_dbm", "Signal of a GSM module", labels=["module"])
        for module, dbm in figures.modules.items():
            if dbm is not None:
                signal.add_metric([module], dbm)
        yield signal
        alarms = GaugeMetricFamily("ortsamt_alarms", "Alarms that last", labels=["kind"])
        for kind, count in figures.alarms.items():
            alarms.add_metric([kind], count)
        yield alarms
