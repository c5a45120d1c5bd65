"""Which of an extension's rules, forwardings and ringings is for this call, at this time, in this status."""

from collections.abc import Iterable
from dataclasses import dataclass

from appliance.model.documents import (
    Callers,
    CallRule,
    Calls,
    DialOut,
    Extension,
    Forwarding,
    ForwardOn,
    Ringing,
    Status,
)
from appliance.model.patterns import first_match
from appliance.routing.draft import Draft


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """An extension's settings as they are in force: its own, or its profile's."""

    status: Status
    withhold: bool
    forwardings: tuple[Forwarding, ...]


def settings_of(draft: Draft, extension: Extension) -> Settings:
    """Put the profile in use over the extension's own settings."""
    used = extension.profile_in_use
    if used is not None:
        draft.because("profile.used", number=extension.number, profile=used.name)
        return Settings(
            status=extension.status_in_use,
            withhold=extension.withhold if used.withhold is None else used.withhold,
            forwardings=extension.forwardings_in_use,
        )
    if extension.profile:
        draft.because("profile.unknown", number=extension.number, profile=extension.profile)
    return Settings(status=extension.status, withhold=extension.withhold, forwardings=extension.forwardings)


def dial_out_of(extension: Extension) -> DialOut:
    """What rings when a call is set up for this extension: by the profile in use, else by its own setting."""
    used = extension.profile_in_use
    return extension.dial_out if used is None or used.dial_out is None else used.dial_out


def is_for(draft: Draft, calls: Calls, status: Status) -> bool:
    """True if every condition holds."""
    if calls.everything:
        return True
    caller = draft.caller.number
    inside = bool(caller) and not caller.startswith("+")
    if calls.callers is not Callers.ANY and inside is not (calls.callers is Callers.INTERNAL):
        return False
    if calls.numbers or calls.withheld:
        unknown = not caller or (draft.caller.withheld and not inside)
        if unknown:
            if not calls.withheld:
                return False
        elif first_match(calls.numbers, caller) is None:
            return False
    if calls.status and status not in calls.status:
        return False
    return draft.holds(calls.when)


def rule_for(draft: Draft, rules: Iterable[CallRule], status: Status) -> tuple[int, CallRule] | None:
    """The first rule that is for this call, and its place in the list, counted from 1."""
    for position, rule in enumerate(rules, start=1):
        if rule.enabled and is_for(draft, rule.calls, status):
            return position, rule
    return None


def forwarding_on(draft: Draft, settings: Settings, on: ForwardOn) -> Forwarding | None:
    """The first forwarding on this event that is for this call."""
    for forwarding in settings.forwardings:
        if forwarding.on is on and forwarding.enabled and is_for(draft, forwarding.calls, settings.status):
            return forwarding
    return None


def ringing_for(draft: Draft, extension: Extension, status: Status) -> Ringing | None:
    """The personal ringing that is for this call."""
    for ringing in extension.ringings:
        if ringing.enabled and is_for(draft, ringing.calls, status):
            return ringing
    return None
