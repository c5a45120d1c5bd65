"""What dialogues ask of the configuration and of people: switches are turned, guessing of PINs is told."""

from appliance.app.desk import VoiceDesk
from appliance.calls.voice.callthrough import PinsGuessed
from appliance.calls.voice.menu import SwitchTurned, TurnSwitch
from appliance.model.alarms import AlarmKind
from appliance.model.menus import Turning
from appliance.model.voice import Done
from appliance.store.configuration import ConfigurationStore
from appliance.store.edits import Put
from appliance.telemetry.alarms import Alarms


def register_switches(desk: VoiceDesk, configuration: ConfigurationStore) -> None:
    """Have switches turned that callers turn in menus."""

    def turn(request: TurnSwitch) -> SwitchTurned | None:
        switch = configuration.snapshot().switches.get(request.switch)
        if switch is None:
            return None
        on = not switch.on if request.turn is Turning.TOGGLE else request.turn is Turning.ON
        if on is not switch.on:
            configuration.apply([Put(kind="switch", id=switch.id, fields={"on": on})], request.who)
        return SwitchTurned(on=on)

    desk.register(TurnSwitch, turn)


def register_guessing(desk: VoiceDesk, alarms: Alarms) -> None:
    """Have an alarm raised when somebody tries PINs of a callthrough."""

    def told(request: PinsGuessed) -> Done:
        alarms.raise_alarm(
            AlarmKind.PINS_GUESSED,
            request.callthrough,
            extension=request.extension,
            caller=request.caller or "?",
        )
        return Done()

    desk.register(PinsGuessed, told)
