"""The codec of a line as ALSA has it: real alsa-lib, its file device in place of a card."""

import os
import random
import subprocess
import sys
from pathlib import Path

_PROGRAM = """
import sys
from appliance.errors import DeviceUnavailable
from appliance.fxs.gpio.codec_card import CodecCard
card = CodecCard("slic")
for _ in range(int(sys.argv[1])):
    card.write(card.read()[::-1])
print(card.late_frames)
card.close()
card.close()
try:
    CodecCard("nothing")
except DeviceUnavailable as error:
    print(error.message)
"""


def test_frames_go_both_ways_through_a_real_pcm(tmp_path: Path) -> None:
    heard, said = tmp_path / "said", tmp_path / "heard"
    sound = random.Random(3).randbytes(320 * 60)
    heard.write_bytes(sound)
    (tmp_path / "asound.conf").write_text(
        f'pcm.out {{ type file slave.pcm {{ type null }} file "{said}" format raw }}\n'
        f'pcm.in {{ type file slave.pcm {{ type null }} file "/dev/null" infile "{heard}" format raw }}\n'
        'pcm.slic { type asym playback.pcm "out" capture.pcm "in" }\n'
    )
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM, "50"],
        env={**os.environ, "ALSA_CONFIG_PATH": str(tmp_path / "asound.conf")},
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    late, refusal = done.stdout.split("\n", 1)
    assert late == "0"
    assert "sound card nothing" in refusal
    played = said.read_bytes()
    frames = [sound[at : at + 320][::-1] for at in range(0, 320 * 40, 320)]
    assert played[:640] == bytes(640)
    assert played[640 : 640 + 320 * 40] == b"".join(frames)
