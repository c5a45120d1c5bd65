"""GSM put together: bank of modules, trunks for the engine, SMS on disk."""

from collections.abc import Callable, Mapping

from appliance.app.texts import Texts
from appliance.drivers.gsm.bank import ModuleBank
from appliance.drivers.gsm.pins import PinFile
from appliance.drivers.gsm.trunks import GsmTrunks
from appliance.model.box import BoxSettings
from appliance.model.gsm import ModuleState, SmsRecord
from appliance.model.ids import ModuleId
from appliance.model.snapshot import Snapshot
from appliance.notify.notifier import Notifier
from appliance.ports import GsmModem, MediaPort
from appliance.store.sms import SmsStore


class MobileNetwork:
    """Everything about GSM in this core. ``trunks`` is for the engine loop, which starts and stops it."""

    def __init__(
        self,
        box: BoxSettings,
        store: SmsStore,
        media: MediaPort,
        snapshot: Callable[[], Snapshot],
        notifier: Notifier,
        publish: Callable[[str, object], None],
        ordered: Callable[[str, str], None],
    ) -> None:
        """Put it together; nothing runs yet."""
        self._bank = ModuleBank(
            sysfs=box.gsm.sysfs_dir,
            devices=box.gsm.devices_dir,
            pins=PinFile(box.paths.state_dir / "gsm-pins.json"),
            fixed=box.gsm.modules,
        )
        self._store = store
        self._texts = Texts(
            store=self._store,
            modules=self._bank,
            snapshot=snapshot,
            notifier=notifier,
            publish=publish,
            ordered=ordered,
        )
        self.trunks = GsmTrunks(self._bank, media, self._texts.take)

    def start(self) -> None:
        """Begin to send and keep SMS."""
        self._texts.start()

    def stop(self) -> None:
        """After the engine has let go of the modules."""
        self._texts.stop()

    def settings_changed(self) -> None:
        """What waits may go out now; any thread."""
        self._texts.wake()

    # --- for the control socket

    def module_states(self) -> tuple[ModuleState, ...]:
        """Of all modules."""
        return self._bank.states()

    def turned(self) -> Mapping[str, float]:
        """Thread of a module → when it turned last (monotonic, s)."""
        return {f"gsm-{place}": at for place, at in self._bank.turned().items()}

    def modem(self, module: ModuleId) -> GsmModem | None:
        """The plugged-in module."""
        return self._bank.modem(module)

    def balances(self) -> Mapping[ModuleId, str]:
        """What the network said last about each SIM's balance."""
        return self._texts.balances()

    def send_sms(self, number: str, text: str, module: ModuleId | None = None) -> SmsRecord:
        """Order an SMS; on disk when this returns. Raises ConfigError, DeviceUnavailable."""
        return self._texts.send(number, text, module)

    def sms(self, incoming: bool | None, limit: int) -> tuple[SmsRecord, ...]:
        """The newest first."""
        return self._store.records(incoming=incoming, limit=limit)
