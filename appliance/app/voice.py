"""What menus ask of the configuration: switches are turned, and how they stand then is told."""

from appliance.app.desk import VoiceDesk
from appliance.calls.voice.menu import SwitchTurned, TurnSwitch
from appliance.model.menus import Turning
from appliance.store.configuration import ConfigurationStore
from appliance.store.edits import Put


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
