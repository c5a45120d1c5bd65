"""The phone itself: account, calls and sound on pjsua2, everything on one thread but the mixer's clock."""

import gc
import os
import sys
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pjsua2 as pj

from appliance.errors import ConfigError, DeviceUnavailable, OrtsamtError
from appliance.model.documents import Srtp, Transport
from appliance.phone import commands, events, identity
from appliance.phone.analysis import Impression
from appliance.phone.audio import RATE, CallAudio
from appliance.phone.call import PhoneCall, guarded
from appliance.phone.settings import PhoneSettings, is_address, name_servers, port_is_free
from appliance.phone.sources import Mirror, Recording, Silence, Sine, Source

_STOP_SECONDS = 1.0
_PATIENCE_SECONDS = 2.0
"""So long a re-INVITE waits for another one to be over."""
_INVALID_OPERATION = 70013
"""pj_status_t PJ_EINVALIDOP, which SWIG leaves out."""
_CODEC_NAMES = {
    "opus": "opus",
    "g722": "G722",
    "pcma": "PCMA",
    "pcmu": "PCMU",
    "gsm": "GSM",
    "speex": "speex",
}
_CODEC_NAMES |= {"alaw": "PCMA", "ulaw": "PCMU", "g711a": "PCMA", "g711u": "PCMU"}
_TRANSPORTS = {
    Transport.UDP: pj.PJSIP_TRANSPORT_UDP,
    Transport.TCP: pj.PJSIP_TRANSPORT_TCP,
    Transport.TLS: pj.PJSIP_TRANSPORT_TLS,
}
_SRTP = {
    Srtp.OFF: pj.PJMEDIA_SRTP_DISABLED,
    Srtp.OPTIONAL: pj.PJMEDIA_SRTP_OPTIONAL,
    Srtp.MANDATORY: pj.PJMEDIA_SRTP_MANDATORY,
}
Emit = Callable[[events.Event], None]


class PhoneAccount(pj.Account):
    """Our identity at the server."""

    def __init__(self, engine: "Engine") -> None:
        super().__init__()
        self.engine = engine

    @guarded
    def onRegState(self, prm: Any) -> None:
        """The server's word on our registration."""
        self.engine.registration(prm.code, prm.reason, prm.expiration)

    @guarded
    def onIncomingCall(self, prm: Any) -> None:
        """Somebody calls."""
        self.engine.incoming(prm.callId, prm.rdata.wholeMsg)

    @guarded
    def onMwiInfo(self, prm: Any) -> None:
        """Messages wait (``Voice-Message: 2/8``)."""
        for line in prm.rdata.wholeMsg.splitlines():
            name, _, value = line.partition(":")
            if name.strip().lower() == "voice-message":
                new, _, old = value.split("(")[0].strip().partition("/")
                self.engine.emit(events.Waiting(new=int(new), old=int(old or 0)))


class Engine:
    """One phone in one process. Events go to ``emit``, on the thread that calls ``poll`` and ``perform``."""

    def __init__(self, settings: PhoneSettings, emit: Emit) -> None:
        self.settings = settings
        self.emit = emit
        self._calls: dict[int, PhoneCall] = {}
        self._last_number = 0
        self._spare_audio: list[CallAudio] = []
        self._hang_up: list[int] = []
        self._postponed: list[tuple[commands.Command, float]] = []
        self._playing: dict[int, Recording] = {}
        self._registered = False
        self._wants_registration = False
        self._endpoint: Any = None
        self._account: Any = None
        self._transport = -1

    @property
    def calls(self) -> dict[int, PhoneCall]:
        """Living calls by number."""
        return self._calls

    def start(self) -> None:
        """Open the SIP port and register; raises DeviceUnavailable or ConfigError."""
        gc.disable()  # a collection on the clock thread could release a call there
        settings = self.settings
        self._endpoint = pj.Endpoint()
        with _quiet_stdout():
            self._endpoint.libCreate()
        config = pj.EpConfig()
        config.uaConfig.threadCnt = 0
        config.uaConfig.mainThreadOnly = True
        config.uaConfig.maxCalls = settings.max_calls
        config.uaConfig.userAgent = "ortsamt-phone"
        if settings.server and not is_address(settings.server):
            config.uaConfig.nameserver = pj.StringVector(list(name_servers()))
        config.logConfig.level = settings.log_level
        config.logConfig.consoleLevel = settings.log_level
        config.medConfig.clockRate = RATE
        config.medConfig.sndClockRate = RATE
        config.medConfig.ecTailLen = 200 if settings.sound else 0
        config.medConfig.noVad = True
        self._endpoint.libInit(config)
        self._open_transport()
        self._choose_codecs()
        self._open_sound()
        self._endpoint.libStart()
        self._spare_audio = [CallAudio(f"call audio {i}") for i in range(2)]
        address = self._endpoint.transportGetInfo(self._transport).localName
        self.emit(events.Ready(address=address, transport=settings.transport.value))
        self._account = PhoneAccount(self)
        self._account.create(self._account_config(), True)

    def poll(self, max_ms: int) -> None:
        """Let SIP and sound go on for at most so long."""
        self._endpoint.libHandleEvents(max_ms)
        for number in self._hang_up:
            call = self._calls.get(number)
            if call is not None:
                self._end(call)
        self._hang_up.clear()
        postponed, self._postponed = self._postponed, []
        for command, until in postponed:
            self._attempt(command, until)
        for call in list(self._calls.values()):
            changed = call.audio.listen()
            if changed is not None and call.connected:
                self.emit(_heard(call.number, changed))
        for number, recording in list(self._playing.items()):
            if recording.ended:
                del self._playing[number]
                self.emit(events.Played(call=number, path=str(recording.path)))

    def stop(self) -> None:
        """End calls, unregister, close; takes at most a second or so."""
        if self._endpoint is None:
            return
        with suppress(pj.Error):
            self._endpoint.hangupAllCalls()
            if self._registered and self._account is not None:
                self._wants_registration = False
                self._account.setRegistration(False)
        until = time.monotonic() + _STOP_SECONDS
        while (self._calls or self._registered) and time.monotonic() < until:
            self._endpoint.libHandleEvents(10)
        self._calls.clear()
        self._account = None
        self._spare_audio.clear()
        gc.collect()
        with suppress(pj.Error):
            self._endpoint.libDestroy(pj.PJSUA_DESTROY_NO_RX_MSG)
        self._endpoint = None

    def perform(self, command: commands.Command) -> None:
        """Carry a command out; what cannot be done comes back as Failed."""
        self._attempt(command, time.monotonic() + _PATIENCE_SECONDS)

    def _attempt(self, command: commands.Command, until: float) -> None:
        try:
            self._perform(command)
        except pj.Error as error:
            re_invites = isinstance(command, commands.Hold | commands.Resume | commands.Refresh)
            if re_invites and error.status == _INVALID_OPERATION and time.monotonic() < until:
                self._postponed.append((command, until))  # the ACK of another re-INVITE is under way
            else:
                self._failed(command, error.reason)
        except OrtsamtError as error:
            self._failed(command, error.message, error.hint)

    # What the pjsua2 objects report

    def registration(self, code: int, reason: str, expires: int) -> None:
        """The answer to a REGISTER."""
        user = self.settings.user
        if code // 100 == 2 and expires > 0 and self._wants_registration:
            self._registered = True
            self.emit(events.Registered(user=user, expires=expires))
        elif code // 100 == 2:
            self._registered = False
            self.emit(events.Unregistered(user=user))
        else:
            self._registered = False
            self.emit(events.RegistrationFailed(user=user, status=code, reason=reason))

    def incoming(self, pjsua_id: int, message: str) -> None:
        """A new call from outside: ring, or answer at once if told so."""
        call = self.new_call(pjsua_id)
        found = identity.headers(message)
        call.party, call.display = identity.address(found.get("P-Asserted-Identity") or found.get("From", ""))
        self.emit(
            events.Incoming(
                call=call.number,
                number=call.party,
                display=call.display,
                called=identity.request_user(message),
                headers=found,
            )
        )
        call.answer(_answer_with(pj.PJSIP_SC_OK if self.settings.answer else pj.PJSIP_SC_RINGING))

    def new_call(self, pjsua_id: int = -1) -> PhoneCall:
        """A call object with a number and an audio port, not yet calling anybody."""
        self._last_number += 1
        audio = self._spare_audio.pop() if self._spare_audio else CallAudio(f"call audio {self._last_number}")
        audio.reset(self._first_source())
        call = PhoneCall(self, self._account, self._last_number, audio, pjsua_id)
        self._calls[call.number] = call
        return call

    def connect(self, media: Any, audio: CallAudio) -> None:
        """Join a call's stream with our end of it."""
        media.startTransmit(audio)
        if self.settings.sound:
            devices = self._endpoint.audDevManager()
            media.startTransmit(devices.getPlaybackDevMedia())
            devices.getCaptureDevMedia().startTransmit(media)
        else:
            audio.startTransmit(media)

    def finished(self, call: PhoneCall, ended: events.Ended) -> None:
        """Drop the call and say so: within its last callback."""
        self._calls.pop(call.number, None)
        self._playing.pop(call.number, None)
        audio = call.audio
        audio.reset(Silence())
        self._spare_audio.append(audio)
        self.emit(ended)

    def hang_up_later(self, number: int) -> None:
        """Hang up outside the callback we are in."""
        self._hang_up.append(number)

    # Commands

    def _perform(self, command: commands.Command) -> None:
        match command:
            case commands.Call():
                self._dial(command.number, command.headers)
            case commands.Answer():
                self._ringing(command.call).answer(_answer_with(pj.PJSIP_SC_OK))
            case commands.Reject():
                call = self._ringing(command.call)
                if not 300 <= command.status <= 699:
                    raise ConfigError(f"{command.status} refuses no call", hint="300 to 699, for example 486")
                call.ended_by_us = True
                call.hangup(_answer_with(command.status))
            case commands.Redirect():
                call = self._ringing(command.call)
                call.ended_by_us = True
                prm = _answer_with(302)
                prm.txOption.headers.append(_header("Contact", f"<{self.settings.uri(command.number)}>"))
                call.hangup(prm)
            case commands.Hangup():
                self._end(self._current(command.call))
            case commands.Hold():
                self._talking(command.call).setHold(_call_param())
            case commands.Resume():
                prm = _call_param()
                prm.opt.flag = pj.PJSUA_CALL_UNHOLD
                self._talking(command.call, held=True).reinvite(prm)
            case commands.Refresh():
                call = self._talking(command.call)
                (call.update if command.update else call.reinvite)(_call_param())
            case commands.Digits():
                self._send_digits(command)
            case commands.Transfer():
                call = self._talking(command.call)
                call.xfer(self.settings.uri(command.number), _call_param())
            case commands.Consult():
                call = self._talking(command.call)
                if not call.on_hold:
                    call.setHold(_call_param())
                self._dial(command.number, ()).parent = call.number
            case commands.Complete():
                self._complete(command)
            case commands.Mute():
                self._current(command.call).audio.muted = True
            case commands.Unmute():
                self._current(command.call).audio.muted = False
            case commands.Play():
                call = self._current(command.call)
                recording = Recording(Path(command.path), RATE)
                self._playing[call.number] = recording
                self._say(call, recording)
            case commands.Tone():
                self._say(self._current(command.call), Sine(command.hz, RATE) if command.hz else Silence())
            case commands.Echo():
                self._say(self._current(command.call), Mirror())
            case commands.Listen():
                call = self._current(command.call)
                self.emit(_heard(call.number, call.audio.impression))
            case commands.Media():
                call = self._current(command.call)
                if not call.connected:
                    raise ConfigError(f"call {call.number} has no audio yet", error_id="phone.no_audio")
                self.emit(_figures(call))
            case commands.Status():
                self.emit(self._status())
            case commands.Register():
                self._wants_registration = True
                self._account.setRegistration(True)
            case commands.Unregister():
                self._wants_registration = False
                self._account.setRegistration(False)
            case commands.Help() | commands.Quit():
                pass  # the front's business

    def _dial(self, number: str, headers: tuple[str, ...]) -> PhoneCall:
        uri = self.settings.uri(number)
        call = self.new_call()
        call.party = number
        prm = _call_param()
        for text in headers:
            name, colon, value = text.partition(":")
            if not colon:
                self._forget(call)
                raise ConfigError(f"'{text}' is no header", hint="Name: value")
            prm.txOption.headers.append(_header(name.strip(), value.strip()))
        self.emit(events.Calling(call=call.number, number=number))
        try:
            call.makeCall(uri, prm)
        except pj.Error:
            if call.number in self._calls:  # otherwise its end has been told already
                self._forget(call)
                self.emit(
                    events.Ended(
                        call=call.number,
                        status=0,
                        reason="cannot be called",
                        cause="",
                        by_remote=False,
                        seconds=0,
                    )
                )
            raise
        return call

    def _forget(self, call: PhoneCall) -> None:
        self._calls.pop(call.number, None)
        self._spare_audio.append(call.audio)

    def _end(self, call: PhoneCall) -> None:
        call.ended_by_us = True
        call.hangup(pj.CallOpParam(True))

    def _send_digits(self, command: commands.Digits) -> None:
        digits = command.digits.upper()
        if not digits or set(digits) - set("0123456789*#ABCD"):
            raise ConfigError(f"'{command.digits}' cannot be sent", hint="0-9 * # A-D")
        prm = pj.CallSendDtmfParam()
        prm.digits = digits
        info = command.method is commands.DigitMethod.INFO
        prm.method = pj.PJSUA_DTMF_METHOD_SIP_INFO if info else pj.PJSUA_DTMF_METHOD_RFC2833
        prm.duration = 160
        self._current(command.call).sendDtmf(prm)

    def _complete(self, command: commands.Complete) -> None:
        asked = self._current(command.call)
        first = command.other if command.other is not None else asked.parent
        if first is None:
            raise ConfigError("there is no call to connect it with", hint="consult NUMBER first")
        self._current(first).xferReplaces(asked, _call_param())

    def _say(self, call: PhoneCall, source: Source) -> None:
        if not isinstance(source, Recording):
            self._playing.pop(call.number, None)
        call.audio.source = source

    def _first_source(self) -> Source:
        if self.settings.echo:
            return Mirror()
        return Sine(self.settings.tone_hz, RATE) if self.settings.tone_hz else Silence()

    def _current(self, number: int | None) -> PhoneCall:
        """The call a person means: the named one, else the newest that is not on hold, else the newest."""
        if number is not None:
            if number not in self._calls:
                raise ConfigError(f"there is no call {number}", error_id="phone.no_call")
            return self._calls[number]
        if not self._calls:
            raise ConfigError("there is no call", error_id="phone.no_call")
        active = [call for call in self._calls.values() if not call.on_hold]
        return (active or list(self._calls.values()))[-1]

    def _ringing(self, number: int | None) -> PhoneCall:
        if number is None:
            ringing = [call for call in self._calls.values() if call.incoming and not call.established]
            if not ringing:
                raise ConfigError("nobody calls", error_id="phone.no_call")
            return ringing[0]
        call = self._current(number)
        if not call.incoming or call.established:
            raise ConfigError(f"call {number} does not ring here", error_id="phone.no_call")
        return call

    def _talking(self, number: int | None, *, held: bool = False) -> PhoneCall:
        if number is None and held:
            on_hold = [call for call in self._calls.values() if call.on_hold]
            call = on_hold[-1] if on_hold else self._current(None)
        else:
            call = self._current(number)
        if not call.established:
            raise ConfigError(f"call {call.number} is not answered yet", error_id="phone.no_call")
        return call

    def _status(self) -> events.StatusReport:
        return events.StatusReport(
            registered=self._registered,
            calls=tuple(
                events.CallStatus(
                    call=call.number, state=call.state_word(), number=call.party, display=call.display
                )
                for call in self._calls.values()
            ),
        )

    def _failed(self, command: commands.Command, message: str, hint: str = "") -> None:
        self.emit(events.Failed(command=type(command).__name__.lower(), message=message, hint=hint))

    # Start-up

    def _open_transport(self) -> None:
        settings = self.settings
        config = pj.TransportConfig()
        config.boundAddress = settings.own_address
        config.port = settings.port
        if settings.transport is Transport.TLS:
            config.tlsConfig.verifyServer = bool(settings.ca_file)
            config.tlsConfig.CaListFile = settings.ca_file
        try:
            self._transport = self._endpoint.transportCreate(_TRANSPORTS[settings.transport], config)
        except pj.Error as error:
            place = f"{settings.own_address or '*'}:{settings.port}"
            taken = settings.port and not port_is_free(
                settings.own_address, settings.port, settings.transport
            )
            raise DeviceUnavailable(
                f"cannot listen at {place}: {'the port is taken' if taken else error.reason}",
                error_id="phone.port",
                hint="choose another with --port, or leave it out",
            ) from error

    def _choose_codecs(self) -> None:
        known = [codec.codecId for codec in self._endpoint.codecEnum2()]
        for codec in known:
            self._endpoint.codecSetPriority(codec, 0)
        for rank, word in enumerate(self.settings.codecs):
            name = _CODEC_NAMES.get(word.lower(), word)
            matches = [codec for codec in known if codec.split("/")[0].lower() == name.lower()]
            if not matches:
                names = ", ".join(sorted({codec.split("/")[0] for codec in known}))
                raise ConfigError(f"unknown codec '{word}'", error_id="phone.codec", hint=f"known: {names}")
            for codec in matches:
                self._endpoint.codecSetPriority(codec, 250 - rank)

    def _open_sound(self) -> None:
        devices = self._endpoint.audDevManager()
        if not self.settings.sound:
            devices.setNullDev()
            return
        try:
            devices.setCaptureDev(-1)
            devices.setPlaybackDev(-2)
        except pj.Error as error:
            raise DeviceUnavailable(
                f"the sound card cannot be used: {error.reason}", hint="start without --sound"
            ) from error

    def _account_config(self) -> Any:
        settings = self.settings
        config = pj.AccountConfig()
        host = settings.server or self._endpoint.transportGetInfo(self._transport).localName
        name = settings.display.replace("\\", "").replace('"', "")
        config.idUri = f'"{name}" <sip:{settings.user}@{host}>' if name else f"sip:{settings.user}@{host}"
        config.sipConfig.transportId = self._transport
        self._wants_registration = bool(settings.server) and settings.register
        if settings.server:
            config.regConfig.registrarUri = f"sip:{settings.address}{settings.parameters}"
            config.regConfig.registerOnAdd = settings.register
            config.regConfig.timeoutSec = settings.expires
            config.regConfig.retryIntervalSec = 30
            credential = pj.AuthCredInfo(
                "digest", "*", settings.auth_user or settings.user, 0, settings.secret
            )
            config.sipConfig.authCreds.append(credential)
        config.callConfig.timerMinSESec = 90
        config.mediaConfig.srtpUse = _SRTP[settings.srtp]
        config.mediaConfig.srtpSecureSignaling = 0
        config.mediaConfig.srtpOpt.keyings = pj.IntVector([pj.PJMEDIA_SRTP_KEYING_SDES])
        config.mediaConfig.transportConfig.boundAddress = settings.own_address
        # The stack's own choice is made of the process id: two phones of one account could be taken for one.
        config.natConfig.sipOutboundInstanceId = f"<urn:uuid:{uuid.uuid4()}>"
        config.mwiConfig.enabled = settings.messages
        return config


class _quiet_stdout:  # noqa: N801 - reads as a statement
    """The stack prints before its log level can be set; stdout belongs to our events."""

    def __enter__(self) -> None:
        sys.stdout.flush()
        self._kept = os.dup(1)
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, 1)
        os.close(nothing)

    def __exit__(self, *_: object) -> None:
        os.dup2(self._kept, 1)
        os.close(self._kept)


def _call_param() -> Any:
    """Audio alone: one stream, no video, no real-time text."""
    prm = pj.CallOpParam(True)
    prm.opt.audioCount = 1
    prm.opt.videoCount = 0
    prm.opt.textCount = 0
    return prm


def _answer_with(status: int) -> Any:
    prm = _call_param()
    prm.statusCode = status
    return prm


def _header(name: str, value: str) -> Any:
    header = pj.SipHeader()
    header.hName, header.hValue = name, value
    return header


def _heard(call: int, seen: Impression) -> events.Heard:
    return events.Heard(call=call, kind=seen.kind, hz=seen.hz, dbfs=round(seen.dbfs, 1))


def _figures(call: PhoneCall) -> events.MediaFigures:
    stream = call.getStreamInfo(0)
    rtcp = call.getStreamStat(0).rtcp
    return events.MediaFigures(
        call=call.number,
        codec=stream.codecName,
        clock_rate=stream.codecClockRate,
        secure=bool(stream.proto & pj.PJMEDIA_TP_PROFILE_SRTP),
        sent=rtcp.txStat.pkt,
        received=rtcp.rxStat.pkt,
        lost=rtcp.rxStat.loss,
        jitter_ms=round(rtcp.rxStat.jitterUsec.mean / 1000, 2),
    )
