"""All GSM modules of the box: looked for, given to the document that is meant, let go when unplugged.

Two modules with one IMEI cannot be told apart: the first goes on, the second is left alone and shown as such.
"""

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import structlog

from appliance.drivers.alsa import SoundCard
from appliance.drivers.gsm.finder import FoundModule, find_modules, fixed_module
from appliance.drivers.gsm.module import OpenLine, SerialModem
from appliance.drivers.gsm.sim import PinMemory
from appliance.drivers.serial_link import Line, SerialLine
from appliance.model import gsm
from appliance.model.box import GsmPort
from appliance.model.gsm import ModuleState, ModuleStatus
from appliance.model.ids import ModuleId
from appliance.ports import GsmModem

LOOK_S = 1.0
_JOIN_S = 5.0

log = structlog.get_logger(__name__)

BankSink = Callable[[GsmModem, gsm.GsmEvent], None]


class ModuleBank:
    """Finds and keeps modules. ``sink`` is called on the threads of modules and on that of the finder."""

    def __init__(
        self,
        *,
        sysfs: Path,
        devices: Path,
        pins: PinMemory,
        fixed: Sequence[GsmPort] = (),
        open_serial: OpenLine | None = None,
        open_sound: OpenLine | None = None,
    ) -> None:
        self._sysfs = sysfs
        self._devices = devices
        self._pins = pins
        self._fixed = tuple(fixed)
        self._open_serial: OpenLine = open_serial or SerialLine
        self._open_sound: OpenLine = open_sound or self._open_card
        self._sink: BankSink = _drop
        self._lock = threading.Lock()
        self._modems: dict[str, SerialModem] = {}
        """By USB path, in the order they came."""
        self._documents: tuple[gsm.GsmModule, ...] = ()
        self._assigned: dict[str, tuple[gsm.GsmModule | None, bool]] = {}
        self._gone: dict[str, ModuleState] = {}
        """By USB path: how what was there was last."""
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="gsm-finder", daemon=True)

    def start(self, sink: BankSink) -> None:
        """Begin to look for modules."""
        self._sink = sink
        self._thread.start()

    def stop(self) -> None:
        """Let go of all of them."""
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join(_JOIN_S)
        with self._lock:
            modems = list(self._modems.values())
            self._modems.clear()
        for modem in modems:
            modem.stop()

    def configure(self, documents: Iterable[gsm.GsmModule]) -> None:
        """These modules the office knows; calls go on."""
        with self._lock:
            self._documents = tuple(sorted(documents, key=lambda one: one.id))
            self._assign()

    def modem(self, module: ModuleId) -> SerialModem | None:
        """The plugged-in module that is this one."""
        with self._lock:
            for place, (document, duplicate) in self._assigned.items():
                if document is not None and document.id == module and not duplicate:
                    return self._modems.get(place)
        return None

    def states(self) -> tuple[ModuleState, ...]:
        """Of all that are plugged in, and of those that should be."""
        with self._lock:
            plugged = [modem.state for modem in self._modems.values()]
            there = {document.id for document, _ in self._assigned.values() if document is not None}
            absent = [
                ModuleState(
                    module=document.id,
                    place=document.usb_path,
                    imei=document.imei,
                    status=ModuleStatus.ABSENT if document.enabled else ModuleStatus.DISABLED,
                )
                for document in self._documents
                if document.id not in there
            ]
        return (*plugged, *absent)

    def turned(self) -> Mapping[str, float]:
        """Place of each module → when its thread turned last (monotonic, s)."""
        with self._lock:
            return {place: modem.turned_at for place, modem in self._modems.items()}

    # --- the finder's thread

    def _watch(self) -> None:
        while not self._stopping.is_set():
            try:
                self._look()
            except Exception:
                log.exception("gsm.finder")
            self._stopping.wait(LOOK_S)

    def _look(self) -> None:
        found = {one.place: one for one in find_modules(self._sysfs, self._devices)}
        for port in self._fixed:
            one = fixed_module(Path(port.at_port), port.family, port.audio_port)
            if one is not None:
                found[one.place] = one
        gone = [modem for place, modem in self._modems.items() if found.get(place) != modem.found]
        for modem in gone:
            place = modem.found.place
            log.info("module.unplugged", place=place, family=modem.found.family.name)
            modem.stop()
            self._gone[place] = modem.state
            with self._lock:
                self._modems.pop(place, None)
                self._assigned.pop(place, None)
                self._assign()
            self._sink(modem, gsm.ModuleChanged(state=modem.state))
        for place, module in found.items():
            if place not in self._modems and not self._stopping.is_set():
                self._take(module)

    def _take(self, found: FoundModule) -> None:
        log.info("module.found", place=found.place, family=found.family.name, port=found.at_port)
        modem = SerialModem(
            found,
            pins=self._pins,
            open_serial=self._open_serial,
            open_sound=self._open_sound,
            before=self._gone.get(found.place),
        )
        with self._lock:
            self._modems[found.place] = modem
        modem.start(lambda event: self._event(modem, event))

    def _event(self, modem: SerialModem, event: gsm.GsmEvent) -> None:
        if isinstance(event, gsm.ModuleChanged):
            with self._lock:
                self._assign()
        self._sink(modem, event)

    # --- who is who (with the lock)

    def _assign(self) -> None:
        """Give each identified module its document: by IMEI, by place, else the first that is free."""
        known = [modem for modem in self._modems.values() if modem.state.imei]
        imeis: set[str] = set()
        duplicates: set[str] = set()
        for modem in known:
            if modem.state.imei in imeis:
                duplicates.add(modem.found.place)
            imeis.add(modem.state.imei)
        free = sorted(
            (modem for modem in known if modem.found.place not in duplicates), key=lambda one: one.found.place
        )
        chosen: dict[str, gsm.GsmModule] = {}

        def choose(document: gsm.GsmModule, fits: Callable[[SerialModem], bool]) -> None:
            modem = next((one for one in free if fits(one)), None)
            if modem is not None:
                free.remove(modem)
                chosen[modem.found.place] = document

        def by_imei(document: gsm.GsmModule) -> Callable[[SerialModem], bool]:
            return lambda modem: modem.state.imei == document.imei

        def by_place(document: gsm.GsmModule) -> Callable[[SerialModem], bool]:
            return lambda modem: modem.found.place == document.usb_path

        def kept(document: gsm.GsmModule, had: Mapping[ModuleId, str]) -> Callable[[SerialModem], bool]:
            return lambda modem: modem.found.place == had.get(document.id)

        for document in self._documents:
            if document.imei:
                choose(document, by_imei(document))
        for document in self._documents:
            if document.usb_path and not document.imei:
                choose(document, by_place(document))
        others = [one for one in self._documents if not one.imei and not one.usb_path]
        had = {one.id: place for place, (one, _) in self._assigned.items() if one is not None}
        for document in others:  # who has one keeps it
            choose(document, kept(document, had))
        for document in others:
            if document not in chosen.values():
                choose(document, lambda _modem: True)
        for modem in known:
            place = modem.found.place
            wanted = (chosen.get(place), place in duplicates)
            if self._assigned.get(place) != wanted:
                self._assigned[place] = wanted
                if wanted[1]:
                    log.warning("module.twice", place=place, imei=f"…{modem.state.imei[-4:]}")
                modem.configure(wanted[0], duplicate=wanted[1])

    def _open_card(self, name: str) -> Line:
        """A card of ALSA; in an emulated tree, the port that stands for it."""
        stand_in = self._devices / "snd" / name
        if stand_in.exists():
            return SerialLine(str(stand_in))
        return SoundCard(f"plughw:{name.removeprefix('card')}")


def _drop(_modem: GsmModem, _event: gsm.GsmEvent) -> None:
    """Stand for the sink before start."""
