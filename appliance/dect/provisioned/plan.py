"""What the files of provisioned bases are made of, whoever made the bases. Pure."""

from dataclasses import dataclass, field
from xml.sax.saxutils import escape

from appliance.model.dect import DectBase
from appliance.model.dect_air import DectSetup, WantedHandset
from appliance.model.ids import DeviceId
from appliance.provisioning.clock import ClockFacts, clock_of


@dataclass(frozen=True, slots=True, kw_only=True)
class FilePlan:
    """One system, and what its files shall say now."""

    setup: DectSetup
    base_url: str = ""
    """Where bases fetch; ends with a slash."""
    directory_url: str = ""
    """The central phone book as bases search it; empty: none."""
    open_from: int = 0
    """Unix time at which enrolling was opened; 0: it is closed."""
    open_seconds: int = 0
    pin: str = ""
    forget: frozenset[DeviceId] = field(default_factory=frozenset)
    """Handsets whose enrolment shall end."""
    enrolled: frozenset[DeviceId] = field(default_factory=frozenset)

    @property
    def handsets(self) -> tuple[WantedHandset, ...]:
        """All of them by slot; blocked ones keep their place without an account."""
        return self.setup.handsets

    def works(self, wanted: WantedHandset) -> bool:
        """Whether it may telephone."""
        return not wanted.document.blocked and wanted.document.id not in self.forget

    @property
    def clock(self) -> ClockFacts:
        """The office's time zone."""
        return clock_of(self.setup.timezone)

    @property
    def manager(self) -> DectBase | None:
        """The base that has the whole configuration; the others follow it."""
        bases = self.setup.net.bases
        return next((one for one in bases if one.manager), bases[0] if bases else None)

    @property
    def multi_cell(self) -> bool:
        """Whether several bases make one system."""
        return self.setup.net.cluster or len(self.setup.net.bases) > 1

    @property
    def levels(self) -> tuple[tuple[DectBase, int], ...]:
        """Every base with its sync level: the document's, else the manager 1 and the others 2."""
        manager = self.manager
        return tuple((one, one.sync_level or (1 if one is manager else 2)) for one in self.setup.net.bases)

    @property
    def voicemail(self) -> str:
        """What message keys dial."""
        return next((one.voicemail for one in self.handsets if one.voicemail), "")


def xml_item(tag: str, value: object, index: int | None = None) -> str:
    """``<tag idx="1">value</tag>``, escaped."""
    mark = "" if index is None else f' idx="{index}"'
    return f"<{tag}{mark}>{escape(str(value))}</{tag}>"
