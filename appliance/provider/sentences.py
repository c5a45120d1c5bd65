"""Events of the provider as sentences for people. Pure."""

from typing import assert_never

from appliance.phone import events as phone
from appliance.phone.sentences import sentence as phone_sentence
from appliance.provider import events


def sentence(event: events.Event) -> str:
    """One line for one event (a status report has several)."""
    match event:
        case phone.Ready():
            return f"The provider is ready at {event.address} (UDP and TCP)."
        case events.Registered():
            return f"{event.account} is registered at {event.contact} for {event.expires} s."
        case events.Unregistered():
            return f"{event.account} is not registered any more."
        case events.Refused():
            return f"{event.method} by '{event.account}' refused ({event.status}): {event.why}."
        case events.Incoming():
            who = f"{event.display} ({event.number})" if event.display else event.number
            return f"#{event.call} {event.account} calls {event.called}, showing {who}; it {event.conduct}."
        case events.FaxOver():
            did = "sent" if event.sent else "received"
            figures = f"{event.pages} pages, {event.rate} bit/s"
            return f"#{event.call} fax {did}: {event.cause}, {figures}, {event.file}"
        case events.Refreshed():
            return f"#{event.call} session refreshed: {event.status}"
        case events.ProviderStatus():
            lines = [f"Mode: {event.mode}"]
            lines += [f"  {one.account}: {one.contact or 'not registered'}" for one in event.accounts]
            lines += [f"  #{one.call} {one.number}: {one.state}" for one in event.calls]
            return "\n".join(lines)
        case (
            phone.Calling()
            | phone.Ringing()
            | phone.EarlyMedia()
            | phone.Answered()
            | phone.Identity()
            | phone.Ended()
            | phone.Held()
            | phone.Resumed()
            | phone.RemoteHeld()
            | phone.RemoteResumed()
            | phone.Digit()
            | phone.Heard()
            | phone.Failed()
            | phone.Defect()
        ):
            return phone_sentence(event)
        case _:
            assert_never(event)
