"""What is heard: by ear, that is by Goertzel, over RTP."""

from collections.abc import Iterator

import pytest

from appliance.model.documents import Language
from appliance.model.effects import (
    Announce,
    HearsFile,
    HearsLegs,
    HearsList,
    HearsNothing,
    HearsTone,
    Record,
    SendEarlyMedia,
    SetAudio,
    StopRecord,
    ToneKind,
)
from appliance.model.events import LegEnded, LegHeld, PlaybackEnded, RecordingEnded
from appliance.model.voice import RecordingEnd, Side
from tests.contract.sip.rig import Edge, Rig, bridge, media_port, offer
from tests.contract.sip.rtp import Audio
from tests.support.tones import complete_wav, goertzel


@pytest.fixture
def one() -> Iterator[Audio]:
    with Audio() as audio:
        yield audio


@pytest.fixture
def two() -> Iterator[Audio]:
    with Audio() as audio:
        yield audio


def test_two_legs_hear_each_other_over_every_change(rig: Rig, edge: Edge, one: Audio, two: Audio) -> None:
    first = edge.answered(body=offer(one.port))
    second = edge.called(body=offer(two.port))
    one.say(media_port(first.answer.body), 600)
    two.say(media_port(second.invite.body), 1000)
    rig.do(*bridge(first.leg, second.leg))
    assert one.hears(1000)
    assert two.hears(600)

    # The first phone changes its codec: PJSIP makes a new port, the bridge connects it again.
    agreed = first.reinvite(offer(one.port, version=2, formats="8", maps=["8 PCMA/8000"]))
    one.say(media_port(agreed.body), 600)
    assert one.hears(1000)
    assert two.hears(600)

    # The second holds: the first hears music; then it comes back.
    second.reinvite(offer(two.port, version=2, direction="sendonly"))
    assert rig.wait(LegHeld, second.leg).held
    music = HearsFile(name="music/default", language=Language.GERMAN, loop=True)
    rig.do(SetAudio(leg=first.leg, hears=music), SetAudio(leg=second.leg, hears=HearsNothing()))
    assert one.hears(1100)
    second.reinvite(offer(two.port, version=3))
    assert not rig.wait(LegHeld, second.leg).held
    rig.do(*bridge(first.leg, second.leg))
    assert one.hears(1000)
    assert two.hears(600)

    ended = first.hang_up()
    assert ended.quality.codec == "PCMA"
    assert ended.quality.received_packets > 20
    assert not ended.quality.secure
    second.hang_up()


def test_a_third_leg_is_mixed_in_and_out(rig: Rig, edge: Edge, one: Audio, two: Audio) -> None:
    with Audio() as three:
        talks = [edge.answered(body=offer(audio.port)) for audio in (one, two, three)]
        for talk, audio, hertz in zip(talks, (one, two, three), (600, 1000, 1400), strict=True):
            audio.say(media_port(talk.answer.body), hertz)
        legs = [talk.leg for talk in talks]
        rig.do(SetAudio(leg=legs[0], hears=HearsLegs(legs=frozenset(legs[1:]))))
        from tests.support.tones import goertzel

        for _ in range(25):
            samples = one.heard(0.2)
            if min(goertzel(samples, hertz, rate=8000) for hertz in (1000, 1400)) > 0.3:
                break
        else:
            pytest.fail("the mix is not heard")
        rig.do(SetAudio(leg=legs[0], hears=HearsLegs(legs=frozenset({legs[2]}))))
        assert one.hears(1400)
        for talk in talks:
            talk.hang_up()


def test_echo_and_silence(rig: Rig, edge: Edge, one: Audio) -> None:
    talk = edge.answered(body=offer(one.port))
    one.say(media_port(talk.answer.body), 800)
    rig.do(SetAudio(leg=talk.leg, hears=HearsLegs(legs=frozenset({talk.leg}))))
    assert one.hears(800)
    rig.do(SetAudio(leg=talk.leg, hears=HearsNothing()))
    assert one.hears_silence()
    talk.hang_up()


@pytest.mark.parametrize(
    ("tone", "hertz"),
    [
        (ToneKind.RINGBACK, 425),
        (ToneKind.BUSY, 425),
        (ToneKind.CONGESTION, 425),
        (ToneKind.DIAL, 425),
        (ToneKind.CALL_WAITING, 425),
        (ToneKind.INFORMATION, 1800),
        (ToneKind.BEEP, 1000),
    ],
)
def test_tones_sound_german(rig: Rig, edge: Edge, one: Audio, tone: ToneKind, hertz: int) -> None:
    request, event = edge.incoming(body=offer(one.port))
    rig.do(SetAudio(leg=event.leg, hears=HearsTone(tone=tone)), SendEarlyMedia(leg=event.leg))
    edge.wait(lambda message: message.status == 183)
    assert one.hears(hertz)
    if tone is ToneKind.BEEP:
        assert one.hears_silence()
    from tests.contract.sip.test_calls import cancel_of

    cancel_of(edge, request)
    rig.wait(LegEnded, event.leg)
    edge.ack(request, edge.wait(lambda message: message.status == 487))


@pytest.mark.parametrize(("language", "hertz"), [(Language.GERMAN, 700), (Language.ENGLISH, 900)])
def test_a_prompt_is_heard_and_its_end_is_told(
    rig: Rig, edge: Edge, one: Audio, language: Language, hertz: int
) -> None:
    talk = edge.answered(body=offer(one.port))
    rig.do(SetAudio(leg=talk.leg, hears=HearsFile(name="short", language=language, playback=7)))
    assert one.hears(hertz)
    assert rig.wait(PlaybackEnded, talk.leg).playback == 7
    assert one.hears_silence()
    talk.hang_up()
    assert rig.count(PlaybackEnded, talk.leg) == 0


@pytest.mark.parametrize("name", ["missing", "broken", "../../etc/passwd", "music/none"])
def test_a_prompt_that_is_not_there_is_a_tone(rig: Rig, edge: Edge, one: Audio, name: str) -> None:
    talk = edge.answered(body=offer(one.port))
    rig.do(SetAudio(leg=talk.leg, hears=HearsFile(name=name, language=Language.GERMAN, playback=3)))
    assert one.hears(425)
    assert rig.wait(PlaybackEnded, talk.leg).playback == 3
    talk.hang_up()


def test_a_prompt_that_is_replaced_tells_no_end(rig: Rig, edge: Edge, one: Audio) -> None:
    talk = edge.answered(body=offer(one.port))
    rig.do(SetAudio(leg=talk.leg, hears=HearsFile(name="short", language=Language.GERMAN, playback=1)))
    assert one.hears(700)
    rig.do(SetAudio(leg=talk.leg, hears=HearsFile(name="short", language=Language.ENGLISH, playback=2)))
    assert one.hears(900)
    assert rig.wait(PlaybackEnded, talk.leg).playback == 2
    assert rig.count(PlaybackEnded, talk.leg) == 0
    rig.do(SetAudio(leg=talk.leg, hears=HearsFile(name="short", language=Language.GERMAN, playback=4)))
    talk.hang_up()


def test_a_list_is_heard_piece_by_piece_and_only_its_end_is_told(rig: Rig, edge: Edge, one: Audio) -> None:
    talk = edge.answered(body=offer(one.port))
    names = ("short", "tone/beep", "missing", "short")
    rig.do(SetAudio(leg=talk.leg, hears=HearsList(names=names, language=Language.GERMAN, playback=5)))
    for hertz in (700, 1000, 425, 700):
        assert one.hears(hertz)
    assert rig.wait(PlaybackEnded, talk.leg).playback == 5
    assert one.hears_silence()
    rig.do(SetAudio(leg=talk.leg, hears=HearsList(names=names, language=Language.GERMAN, playback=6)))
    assert one.hears(700)
    rig.do(SetAudio(leg=talk.leg, hears=HearsNothing()))
    assert one.hears_silence()
    talk.hang_up()
    assert rig.count(PlaybackEnded, talk.leg) == 0


def test_an_announcement_is_heard_above_what_is_heard_and_disturbs_nobody_else(
    rig: Rig, edge: Edge, one: Audio, two: Audio
) -> None:
    talks = [edge.answered(body=offer(audio.port)) for audio in (one, two)]
    for talk, audio, hertz in zip(talks, (one, two), (1400, 1000), strict=True):
        audio.say(media_port(talk.answer.body), hertz)
    rig.do(*bridge(talks[0].leg, talks[1].leg))
    assert one.hears(1000)
    names = ("short", "missing", "short", "short")
    rig.do(Announce(legs=frozenset({talks[0].leg}), names=names, language=Language.GERMAN))
    for _ in range(25):
        samples = one.heard(0.1)
        if min(goertzel(samples, hertz, rate=8000) for hertz in (1000, 700)) > 0.2:
            break
    else:
        pytest.fail("the announcement is not heard")
    assert goertzel(two.heard(0.1), 700, rate=8000) < 0.01
    assert one.hears(1000)
    # who hangs up in the middle takes nothing along
    both = frozenset(talk.leg for talk in talks)
    rig.do(Announce(legs=both, names=("tone/enter", *names), language=Language.GERMAN))
    talks[0].hang_up()
    rig.do(SetAudio(leg=talks[1].leg, hears=HearsNothing()))
    assert two.hears(700)
    assert two.hears_silence()
    talks[1].hang_up()


def test_what_a_leg_says_and_hears_is_recorded(rig: Rig, edge: Edge, one: Audio) -> None:
    talk = edge.answered(body=offer(one.port))
    one.say(media_port(talk.answer.body), 620)
    rig.do(
        SetAudio(leg=talk.leg, hears=HearsTone(tone=ToneKind.RINGBACK)),
        Record(leg=talk.leg, recording="r1", name="voice/says"),
        Record(leg=talk.leg, recording="r2", name="voice/hears", side=Side.HEARS),
    )
    assert one.hears(425)
    one.heard(0.5)
    rig.do(StopRecord(leg=talk.leg, recording="r1"))
    ended = rig.wait(RecordingEnded, talk.leg)
    assert (ended.recording, ended.end) == ("r1", RecordingEnd.STOPPED)
    assert ended.length_ms >= 400
    talk.hang_up()
    ended = rig.wait(RecordingEnded, talk.leg)
    assert (ended.recording, ended.end) == ("r2", RecordingEnd.LEG_ENDED)
    for name, hertz in (("says", 620), ("hears", 425)):
        assert goertzel(complete_wav(rig.settings.voice_dir / f"{name}.wav")[-4000:], hertz) > 0.9


def test_a_recording_ends_by_itself_at_its_longest_and_in_silence(rig: Rig, edge: Edge, one: Audio) -> None:
    talk = edge.answered(body=offer(one.port))
    rig.do(Record(leg=talk.leg, recording="r1", name="voice/one", longest_ms=400))
    assert rig.wait(RecordingEnded, talk.leg).end is RecordingEnd.LONGEST
    one.say(media_port(talk.answer.body), 620)
    rig.do(
        SetAudio(leg=talk.leg, hears=HearsLegs(legs=frozenset({talk.leg}))),
        Record(leg=talk.leg, recording="r2", name="voice/two", silence_ms=700),
    )
    assert one.hears(620)
    one.heard(1.0)
    one.be_silent()
    ended = rig.wait(RecordingEnded, talk.leg)
    assert ended.end is RecordingEnd.SILENCE
    assert ended.length_ms >= 1500
    talk.hang_up()


def test_a_recording_that_cannot_begin_says_so(rig: Rig, edge: Edge, one: Audio) -> None:
    talk = edge.answered(body=offer(one.port))
    rig.settings.voice_dir.mkdir(parents=True, exist_ok=True)
    (rig.settings.voice_dir / "file").write_text("in the way")
    rig.do(Record(leg=talk.leg, recording="r1", name="voice/file/one"))
    assert rig.wait(RecordingEnded, talk.leg).end is RecordingEnd.FAILED
    talk.hang_up()


def test_music_goes_on_for_ever(rig: Rig, edge: Edge, one: Audio, two: Audio) -> None:
    first = edge.answered(body=offer(one.port))
    second = edge.answered(body=offer(two.port))
    music = HearsFile(name="music/default", language=Language.GERMAN, loop=True, playback=9)
    rig.do(*(SetAudio(leg=leg, hears=music) for leg in (first.leg, second.leg)))
    assert one.hears(1100)
    one.heard(1.5)
    assert one.hears(1100)
    assert two.hears(1100)
    first.hang_up()
    assert two.hears(1100)
    second.hang_up()
    assert rig.count(PlaybackEnded, first.leg) == 0


def test_live_figures(rig: Rig, edge: Edge, one: Audio) -> None:
    talk = edge.answered(body=offer(one.port))
    one.say(media_port(talk.answer.body), 800)
    rig.do(SetAudio(leg=talk.leg, hears=HearsLegs(legs=frozenset({talk.leg}))))
    assert one.hears(800)
    (media,) = rig.call(lambda engine: engine.leg_media())
    assert (media.leg, media.codec, media.secure) == (talk.leg, "PCMA", False)
    assert media.received_packets > 5
    talk.hang_up()
