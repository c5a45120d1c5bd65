"""Who calls and who is called, as providers say it and want it said."""

from appliance.model.documents import TRUNK_PROFILES
from appliance.model.plan import Caller, Diversion, DivertedOn, Presentation
from appliance.routing.profiles import NUMBER_FORMATS
from appliance.sip.headers import Message
from appliance.sip.trunk_profiles import (
    GENERIC,
    PROFILES,
    caller_of,
    dialled_of,
    diversion_headers,
    history_headers,
    identity_for_device,
    identity_for_trunk,
)

SHOWN = Presentation(number="+492214710", name="Amt")
HIDDEN = Presentation(number="+492214710", name="Amt", withheld=True)


def test_every_profile_has_headers_and_numbers() -> None:
    assert set(PROFILES) == set(TRUNK_PROFILES) == set(NUMBER_FORMATS)


def test_a_withheld_number_is_never_in_from() -> None:
    for profile in PROFILES.values():
        identity = identity_for_trunk(profile, HIDDEN, "account", "prov")
        assert "4710" not in identity.sender
        assert "Amt" not in identity.sender
        assert ("Privacy", "id") in identity.headers


def test_a_provider_always_learns_the_number() -> None:
    for profile in PROFILES.values():
        for present in (SHOWN, HIDDEN):
            identity = identity_for_trunk(profile, present, "account", "prov")
            said = identity.sender + "".join(value for _, value in identity.headers)
            assert "+492214710" in said


def test_without_a_number_the_account_speaks() -> None:
    assert identity_for_trunk(GENERIC, Presentation(number=""), "acc", "p").sender == "<sip:acc@p>"
    assert identity_for_trunk(GENERIC, Presentation(number=""), "", "p").headers == ()


def test_phones_see_nothing_of_who_is_withheld() -> None:
    identity = identity_for_device(HIDDEN, "box")
    assert "4710" not in identity.sender + "".join(value for _, value in identity.headers)
    assert identity_for_device(SHOWN, "box").sender == '"Amt" <sip:+492214710@box>'


def invite(uri: str, *lines: str) -> Message:
    return Message("\r\n".join((f"INVITE {uri} SIP/2.0", *lines)) + "\r\n\r\n")


def test_the_caller_is_taken_from_the_best_header() -> None:
    one = invite(
        "sip:1@x",
        'From: "F" <sip:trunk@p>',
        "P-Asserted-Identity: <tel:+49-30-1>",
        "Remote-Party-ID: <sip:9@x>",
    )
    assert caller_of(GENERIC, one) == Caller(number="+49301", name="F")
    assert caller_of(GENERIC, invite("sip:1@x", 'From: "030 1" <sip:0301@p>')) == Caller(
        number="0301", name="030 1"
    )
    assert caller_of(GENERIC, invite("sip:1@x", 'From: "0301" <sip:0301@p>')) == Caller(number="0301")
    assert caller_of(GENERIC, invite("sip:1@x", 'From: "Anonymous" <sip:anonymous@anonymous.invalid>')) == (
        Caller(withheld=True)
    )


def test_the_number_called() -> None:
    assert dialled_of(invite("sip:+49221@box", "To: <sip:other@p>"), "acc") == "+49221"
    assert dialled_of(invite("sip:acc@box", "To: <sip:+49221@p>"), "acc") == "+49221"
    assert (
        dialled_of(invite("sip:acc@box", "To: <sip:acc@p>", "P-Called-Party-ID: <sip:77@p>"), "acc") == "77"
    )
    assert dialled_of(invite("sip:acc@box", "To: <sip:acc@p>"), "acc") == "acc"
    assert dialled_of(invite("sip:box"), "") == ""


DIVERTED = (
    Diversion(number="+4922147100", name="Zentrale", on=DivertedOn.NO_ANSWER),
    Diversion(number="+4922147121", name="Anna", on=DivertedOn.BUSY),
)


def test_diversion_names_the_last_party_first() -> None:
    assert diversion_headers(DIVERTED, "box") == (
        ("Diversion", '"Anna" <sip:+4922147121@box>;reason=user-busy;counter=1'),
        ("Diversion", '"Zentrale" <sip:+4922147100@box>;reason=no-answer;counter=1'),
    )


def test_a_provider_is_told_public_numbers_only_and_no_names() -> None:
    inside = Diversion(number="21", name="Anna", on=DivertedOn.ALWAYS)
    assert history_headers(GENERIC, (inside,), "0301", "prov") == ()
    ((name, value),) = history_headers(GENERIC, (inside, DIVERTED[0]), "0301", "prov")
    assert (name, value) == ("Diversion", "<sip:+4922147100@prov>;reason=no-answer;counter=1")


def test_history_info_lists_all_targets_with_their_causes() -> None:
    ((name, value),) = history_headers(PROFILES["telekom"], DIVERTED, "+4930123", "prov")
    assert name == "History-Info"
    assert value == (
        "<sip:+4922147100@prov>;index=1, "
        "<sip:+4922147121@prov;cause=408>;index=1.1, "
        "<sip:+4930123@prov;cause=486>;index=1.1.1"
    )
