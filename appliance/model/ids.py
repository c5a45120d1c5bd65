"""Identifiers and units as their own types, so that they cannot be mixed up."""

from typing import NewType

ExtensionId = NewType("ExtensionId", str)
DeviceId = NewType("DeviceId", str)
TrunkId = NewType("TrunkId", str)
AudioId = NewType("AudioId", str)
DectSystemId = NewType("DectSystemId", str)
"""A DECT system: its bases and handsets."""
NumberId = NewType("NumberId", str)
ServiceId = NewType("ServiceId", str)
MenuId = NewType("MenuId", str)
SwitchId = NewType("SwitchId", str)
RotationId = NewType("RotationId", str)
ClassId = NewType("ClassId", str)
"""A class of service."""
BlockId = NewType("BlockId", str)
ConferenceId = NewType("ConferenceId", str)
RecordingRuleId = NewType("RecordingRuleId", str)
TapeId = NewType("TapeId", str)
"""A recording of a call."""
ModuleId = NewType("ModuleId", str)
"""A GSM module, as the office names it."""
SmsId = NewType("SmsId", str)

FaxBoxId = NewType("FaxBoxId", str)
VoicemailBoxId = NewType("VoicemailBoxId", str)
MessageId = NewType("MessageId", str)
"""A message in a voicemail box."""

LegId = NewType("LegId", str)
"""One party's connection to the box, unique for all time (used in records)."""
CallId = NewType("CallId", str)
"""One call as a person understands it, unique for all time."""
TimerId = NewType("TimerId", str)
NoteId = NewType("NoteId", str)
"""What somebody noted on a call."""

E164 = NewType("E164", str)
"""A public number in ITU-T E.164 form with leading plus, for example ``+492214710``."""

AccountId = NewType("AccountId", str)
"""A login name."""
GroupId = NewType("GroupId", str)
"""A permission group."""

PhoneId = NewType("PhoneId", str)
"""An IP phone that the box sets up."""
PhoneTemplateId = NewType("PhoneTemplateId", str)

ContactId = NewType("ContactId", str)
"""Somebody in an address book."""
LimitId = NewType("LimitId", str)
MobileId = NewType("MobileId", str)
"""A mobile phone that belongs to an extension."""
CallthroughId = NewType("CallthroughId", str)

RouteId = NewType("RouteId", str)
Milliseconds = NewType("Milliseconds", int)
