"""Events of the phone as sentences for people. Pure."""

from appliance.phone import events


def sentence(event: events.Event) -> str:
    """One line for one event."""
    match event:
        case events.Ready():
            return f"Ready at {event.address} ({event.transport}). Type 'help' for the commands."
        case events.Registered():
            return f"Registered as {event.user} for {event.expires} s."
        case events.Unregistered():
            return f"Not registered any more ({event.user})."
        case events.RegistrationFailed():
            return f"Registration of {event.user} failed: {event.status} {event.reason}.{_advice(event)}"
        case events.Waiting():
            return f"Voice box: {event.new} new, {event.old} old messages."
        case events.StatusReport():
            lines = ["Registered." if event.registered else "Not registered."]
            lines += [f"  #{one.call} {_party(one.number, one.display)}: {one.state}" for one in event.calls]
            return "\n".join(lines if event.calls else [*lines, "  no calls"])
        case events.Failed():
            return f"{event.command}: {event.message}" + (f" ({event.hint})" if event.hint else "")
        case events.Defect():
            return f"Internal fault: {event.message}"
        case _:
            return f"#{event.call} {_of_call(event)}"


def _of_call(event: events.Event) -> str:
    match event:
        case events.Calling():
            return f"calling {event.number} …"
        case events.Incoming():
            return f"{_party(event.number, event.display)} calls {event.called}. 'answer' or 'reject'?"
        case events.Ringing():
            return "rings." if event.status == 180 else f"is on its way ({event.status})."
        case events.EarlyMedia():
            return "plays something before the answer."
        case events.Answered():
            return f"talking with {_party(event.number, event.display)}."
        case events.Identity():
            return f"now talking with {_party(event.number, event.display)}."
        case events.Ended():
            side = "the other side" if event.by_remote else "us"
            cause = f", {event.cause}" if event.cause else ""
            return f"ended by {side} after {event.seconds} s: {event.status} {event.reason}{cause}."
        case events.Held():
            return "is on hold."
        case events.Resumed():
            return "is back from hold."
        case events.RemoteHeld():
            return "has put us on hold."
        case events.RemoteResumed():
            return "has taken us back."
        case events.Digit():
            return f"sent digit {event.digit}."
        case events.TransferProgress():
            return f"transfer: {event.status} {event.reason}{'.' if event.final else ' …'}"
        case events.TransferAsked():
            return f"sends us to {event.target}: call #{event.follow}."
        case events.Redirected():
            return f"redirects us to {event.target}."
        case events.Replaced():
            return f"is taken over by call #{event.by}."
        case events.Heard():
            return f"we hear {_sound(event)}."
        case events.Played():
            return f"{event.path} played."
        case events.MediaFigures():
            safe = "encrypted" if event.secure else "not encrypted"
            return (
                f"{event.codec}/{event.clock_rate}, {safe}; {event.sent} packets sent, "
                f"{event.received} received, {event.lost} lost, jitter {event.jitter_ms} ms."
            )
        case _:
            return str(event)


def _party(number: str, display: str) -> str:
    return f"{display} ({number})" if display and display != number else number or "an unknown number"


def _sound(event: events.Heard) -> str:
    match event.kind:
        case events.Hearing.SILENCE:
            return "silence"
        case events.Hearing.TONE:
            return f"a tone of {' and '.join(f'{hz:.0f}' for hz in event.hz)} Hz at {event.dbfs:.0f} dB"
        case events.Hearing.SOUND:
            return f"speech, music or noise at {event.dbfs:.0f} dB"


def _advice(event: events.RegistrationFailed) -> str:
    status = event.status
    if "certificate" in event.reason:
        return " Is the server's certificate signed by what --ca names, and for this --server?"
    if status in (401, 403, 407):
        return " Check --user and --secret."
    if status in (408, 502, 503):
        return " Check --server and --transport: does it answer there?"
    return " Does the user exist?" if status == 404 else ""
