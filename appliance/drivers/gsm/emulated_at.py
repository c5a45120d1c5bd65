"""The module's side of the AT dialogue, for the emulator: commands in, replies and reports out. Pure."""

from collections.abc import Callable

from appliance.drivers.gsm import alphabet
from appliance.drivers.gsm.emulated_network import EmulatedCall, Mischief, Network, Sim
from appliance.drivers.gsm.reports import CallStage

_DSCI = {
    CallStage.ACTIVE: 3,
    CallStage.HELD: 1,
    CallStage.DIALLING: 2,
    CallStage.ALERTING: 7,
    CallStage.INCOMING: 4,
    CallStage.WAITING: 5,
    CallStage.RELEASED: 6,
}
_MODELS = {"simcom": "SIMCOM_SIM7600E-H", "quectel": "EC25", "generic": "MODEM-1"}


class EmulatedAt:
    """Speaks as a family does. ``say`` takes lines for the wire; the rest is what the emulator acts upon."""

    def __init__(
        self,
        *,
        family: str,
        imei: str,
        sim: Sim,
        network: Network,
        mischief: Mischief,
        say: Callable[[str], None],
        on_dial: Callable[[], None],
        on_reset: Callable[[], None],
    ) -> None:
        self.family = family
        self.imei = imei
        self.sim = sim
        self.network = network
        self.mischief = mischief
        self._say = say
        self._on_dial = on_dial
        self._on_reset = on_reset
        self.call: EmulatedCall | None = None
        self.waiting: EmulatedCall | None = None
        self.audio = False
        self._echo = True
        self._ucs2 = False
        self._line = bytearray()
        self._pdu_length: int | None = None
        self._audio_errors = mischief.audio_errors

    # --- the wire

    def received(self, data: bytes) -> None:
        """Take what the driver wrote."""
        for octet in data:
            if self._pdu_length is not None:
                if octet == 0x1A:
                    text, self._line = self._line.decode("latin-1"), bytearray()
                    self._submitted(text.strip())
                elif octet == 0x1B:
                    self._line.clear()
                    self._pdu_length = None
                    self._say("\r\nOK\r\n")
                else:
                    self._line.append(octet)
            elif octet == 0x0D:
                text, self._line = self._line.decode("latin-1"), bytearray()
                if text.strip():
                    self._command(text.strip())
            elif octet >= 0x20:
                self._line.append(octet)

    def reply(self, *lines: str, final: str = "OK") -> None:
        """Answer a command."""
        self._say("".join(f"\r\n{line}\r\n" for line in (*lines, final)))

    def report(self, *lines: str) -> None:
        """Say something unasked."""
        if self.mischief.shuffle:
            lines = tuple(reversed(lines))
        kept = [line for line in lines if not line.startswith(tuple(self.mischief.lose))]
        if kept:
            self._say("".join(f"\r\n{line}\r\n" for line in kept))

    # --- the call

    def enter(self, stage: CallStage) -> None:
        """The call goes on; tell it as the family does."""
        call = self.call
        if call is None:
            return
        call.stage = stage
        self.tell(call)

    def tell(self, call: EmulatedCall) -> None:
        """Report how a call is now."""
        direction, stage = int(call.incoming), call.stage
        lines: list[str] = []
        number = "" if call.withheld else call.number
        if self.family == "quectel":
            value = -1 if stage is CallStage.RELEASED else stage.value
            lines.append(f'+QIND: "ccinfo",{call.index},{direction},{value},0,0,"{number}",129')
            lines.append(f"^DSCI: {call.index},{direction},{_DSCI[stage]},0,{number},129")
        elif self.family == "simcom":
            lines.append(f'+CLCC: {call.index},{direction},{stage.value},0,0,"{number}",129')
            if stage is CallStage.ACTIVE:
                lines.append("VOICE CALL: BEGIN")
        if stage is CallStage.INCOMING:
            validity = 1 if call.withheld else 0
            lines += ["RING", f'+CLIP: "{number}",{128 if call.withheld else 129},,,,{validity}']
        if stage is CallStage.RELEASED:
            if self.family == "simcom":
                if call.active_ms:
                    lines.append("VOICE CALL: END: 000041")
                elif call.incoming:
                    lines.append(f"MISSED_CALL: 02:18AM {number}")
            lines.append("NO CARRIER")
        self.report(*lines)

    def released(self, cause: str, final: str = "") -> None:
        """The call is over."""
        call, self.call = self.call, None
        self.audio = False
        if call is not None:
            self.network.cause = cause
            call.stage = CallStage.RELEASED
            self.tell(call)
            if final:
                self.report(final)

    # --- commands

    def _command(self, text: str) -> None:
        if self._echo:
            self._say(f"{text}\r")
        if text.upper().startswith(tuple(self.mischief.deaf_to)):
            return
        if not text.upper().startswith("AT"):
            self.reply(final="ERROR")
            return
        name, equals, value = text[2:].partition("=")
        name = name.upper()
        if name.startswith("D") and not equals:
            self._dial(text[3:])
        elif (special := self._specials().get(name)) is not None:
            special(value)
        elif name in self._settings():
            self.reply()
        else:
            self.reply(final="ERROR")

    def _settings(self) -> frozenset[str]:
        common = {"", "+CMEE", "+CRC", "+CLIP", "+CREG", "+CEREG", "+COPS", "+CCWA", "+CMGF", "+CNMI"}
        own = {
            "quectel": {"+QINDCFG", "^DSCI", "+QTONEDET", "+QPCMV"},
            "simcom": {"+CLCC", "+CNSMOD", "+AUTOCSQ", "+DDET", "+CPCMFRM"},
        }
        return frozenset(common | own.get(self.family, set()))

    def _specials(self) -> dict[str, Callable[[str], None]]:
        network = self.network
        found: dict[str, Callable[[str], None]] = {
            "E0": self._set_echo,
            "+CSCS": self._set_charset,
            "+CMEE?": lambda _: self.reply("+CMEE: 1"),
            "+CGMM": lambda _: self.reply(_MODELS[self.family]),
            "+CGSN": lambda _: self.reply(self.imei),
            "+CPIN?": lambda _: self._pin_state(),
            "+CPIN": self._enter_pin,
            "+CREG?": lambda _: self.reply(f'+CREG: 2,{network.registration},"A1B2","01C3D4E5",7'),
            "+CEREG?": lambda _: self.reply(f'+CEREG: 2,{network.registration},"A1B2","01C3D4E5",7'),
            "+COPS?": lambda _: self.reply(f'+COPS: 0,0,"{self._text(network.operator)}",7'),
            "+CSQ": lambda _: self.reply(f"+CSQ: {network.signal},99"),
            "+CLCC": self._list_calls,
            "A": lambda _: self._answer(),
            "+CHUP": lambda _: self._hang_up(),
            "H": lambda _: self._hang_up(),
            "+CHLD": lambda _: self._send_away(),
            "+VTS": self._key,
            "+CEER": lambda _: self.reply(f"+CEER: {network.cause}"),
            "+CPMS": lambda _: self.reply(f"+CPMS: {len(network.stored)},50,{len(network.stored)},50,0,50"),
            "+CMGL": lambda _: self._list_sms(),
            "+CMGR": self._read_sms,
            "+CMGD": self._delete_sms,
            "+CMGS": self._submit,
            "+CUSD": self._ussd,
        }
        if self.family == "quectel":
            found["+QCSQ"] = lambda _: self.reply(f'+QCSQ: "LTE",{2 * network.signal - 113},-81,195,-10')
            found["+QCCID"] = lambda _: self._sim_id("+QCCID")
            found["+QPINC"] = lambda _: self._tries('+QPINC: "SC",{tries},10')
            found["+CFUN"] = lambda _: self._reset()
        elif self.family == "simcom":
            found["+CICCID"] = lambda _: self._sim_id("+ICCID")
            found["+SPIC"] = lambda _: self._tries("+SPIC: {tries},10,3,10")
            found["+CPCMREG"] = self._switch_audio
            found["+CRESET"] = lambda _: self._reset()
        else:
            found["+CPINR"] = lambda _: self._tries("+CPINR: SIM PIN,{tries},3")
            found["+CFUN"] = lambda _: self._reset()
        return found

    def _set_echo(self, _value: str) -> None:
        self._echo = self.mischief.echo
        self.reply()

    def _set_charset(self, value: str) -> None:
        self._ucs2 = value.strip('"') == "UCS2"
        self.reply()

    def _text(self, text: str) -> str:
        """Quectel and generic modules write texts in the chosen alphabet, SIMCom does not always."""
        return alphabet.ucs2(text).hex().upper() if self._ucs2 and self.family != "simcom" else text

    # --- the SIM

    def _no_sim(self) -> bool:
        if not self.sim.present:
            self.reply(final="+CME ERROR: 10")
        return not self.sim.present

    def _pin_state(self) -> None:
        if self._no_sim():
            return
        word = "SIM PUK" if self.sim.blocked else "SIM PIN" if self.sim.locked else "READY"
        self.reply(f"+CPIN: {word}")

    def _enter_pin(self, value: str) -> None:
        if self._no_sim():
            return
        if value.strip('"') == self.sim.pin:
            self.sim.opened, self.sim.tries = True, 3
            self.reply()
            self.report("+CPIN: READY")
        else:
            self.sim.tries -= 1
            self.reply(final="+CME ERROR: 12" if self.sim.blocked else "+CME ERROR: 16")

    def _tries(self, form: str) -> None:
        if self.mischief.pin_tries_hidden:
            self.reply(final="ERROR")
        else:
            self.reply(form.format(tries=self.sim.tries))

    def _sim_id(self, head: str) -> None:
        if not self._no_sim():
            self.reply(f"{head}: {self.sim.iccid}")

    # --- calls

    def _dial(self, rest: str) -> None:
        number = rest.rstrip(";").rstrip("Ii")
        if self.call is not None or not self.sim.present or self.sim.locked:
            self.reply(final="NO CARRIER")
            return
        self.network.dialled.append(number)
        self.call = EmulatedCall(
            number=number, incoming=False, stage=CallStage.DIALLING, hidden=rest.rstrip(";").endswith("I")
        )
        self.reply()
        self.tell(self.call)
        self._on_dial()

    def _answer(self) -> None:
        if self.call is None or self.call.stage is not CallStage.INCOMING:
            self.reply(final="NO CARRIER")
            return
        self.reply()
        self.become_active()

    def become_active(self) -> None:
        """Both sides talk."""
        if self.call is not None:
            self.call.active_ms = 1
            self.enter(CallStage.ACTIVE)
            if self.family == "quectel":
                self.audio = True
            if self.mischief.reset_in_call:
                self._on_reset()

    def _hang_up(self) -> None:
        self.reply()
        self.released("Client ended call")

    def _send_away(self) -> None:
        self.waiting = None
        self.reply()

    def _list_calls(self, value: str) -> None:
        if value:  # the setting of reports
            self.reply()
            return
        calls = [one for one in (self.call, self.waiting) if one is not None]
        self.reply(
            *(
                f"+CLCC: {one.index},{int(one.incoming)},{one.stage.value},0,0"
                + ("" if one.withheld else f',"{one.number}",129')
                for one in calls
            )
        )

    def _key(self, value: str) -> None:
        if self.call is None or self.call.stage is not CallStage.ACTIVE:
            self.reply(final="+CME ERROR: 3")
            return
        self.network.keys.append(value.strip('"'))
        self.reply()

    def _switch_audio(self, value: str) -> None:
        active = self.call is not None and self.call.stage is CallStage.ACTIVE
        if value == "1" and (not active or self._audio_errors > 0):
            self._audio_errors -= 1
            self.reply(final="ERROR")
            return
        self.audio = value == "1"
        self.reply()

    # --- SMS and USSD

    def _list_sms(self) -> None:
        lines: list[str] = []
        for place, sms in sorted(self.network.stored.items()):
            lines += [f"+CMGL: {place},{int(sms.read)},,{len(sms.pdu) // 2 - 1}", sms.pdu]
            sms.read = True
        self.reply(*lines)

    def _read_sms(self, value: str) -> None:
        sms = self.network.stored.get(int(value)) if value.isdecimal() else None
        if sms is None:
            self.reply(final="+CMS ERROR: 321")
        else:
            self.reply(f"+CMGR: {int(sms.read)},,{len(sms.pdu) // 2 - 1}", sms.pdu)
            sms.read = True

    def _delete_sms(self, value: str) -> None:
        if value.isdecimal():
            self.network.stored.pop(int(value), None)
        self.reply()

    def _submit(self, value: str) -> None:
        self._pdu_length = int(value) if value.isdecimal() else 0
        self._say("\r\n> ")

    def _submitted(self, text: str) -> None:
        length, self._pdu_length = self._pdu_length, None
        if self.network.refuse_sms > 0:
            self.network.refuse_sms -= 1
            self.reply(final="+CMS ERROR: 500")
        elif length is None or len(text) != 2 * length + 2:
            self.reply(final="+CMS ERROR: 304")
        else:
            self.network.sent.append(text)
            self.network.reference = (self.network.reference + 1) & 0xFF
            self.reply(f"+CMGS: {self.network.reference}")

    def _ussd(self, value: str) -> None:
        self.reply()
        if value.startswith("1"):
            text = alphabet.ucs2(self.sim.balance).hex().upper() if self._ucs2 else self.sim.balance
            self.report(f'+CUSD: 0,"{text}",72')

    def _reset(self) -> None:
        self.reply()
        self._on_reset()
