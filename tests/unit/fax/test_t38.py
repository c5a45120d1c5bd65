"""T.38 without a network: packets are lost, doubled and changed, and machines live with it."""

import contextlib
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.errors import PeerProtocolError
from appliance.fax.documents import dots, to_fax
from appliance.fax.t30 import TerminalSettings
from appliance.fax.t38 import T38Terminal
from appliance.fax.udptl import Packer, Unpacker
from appliance.model.fax import FaxCause
from tests.support.fax import make_pdf

MESSAGES = st.lists(st.binary(min_size=1, max_size=300), min_size=1, max_size=40)


@given(MESSAGES, st.data())
def test_messages_survive_three_losses_in_a_row(messages: list[bytes], data: st.DataObject) -> None:
    packer, unpacker = Packer(), Unpacker()
    got: list[tuple[int, bytes]] = []
    lost = 0
    for message in messages:
        packet = packer.pack(message)
        lose = lost < 3 and data.draw(st.booleans())
        lost = lost + 1 if lose else 0
        if not lose:
            for _ in range(data.draw(st.integers(1, 2))):
                got += unpacker.unpack(packet)
    assert got == list(enumerate(messages[: len(got)]))
    assert len(got) >= len(messages) - 3


def test_numbers_begin_again() -> None:
    packer, unpacker = Packer(), Unpacker()
    for number in range(70_000):
        assert unpacker.unpack(packer.pack(b"x")) == [(number & 0xFFFF, b"x")]


@given(st.binary(max_size=60))
def test_nonsense_is_refused(packet: bytes) -> None:
    with contextlib.suppress(PeerProtocolError):
        Unpacker().unpack(packet)


@pytest.mark.parametrize("loss", [0.0, 0.02])
def test_a_page_goes_from_machine_to_machine(tmp_path: Path, loss: float) -> None:
    to_fax([make_pdf(tmp_path / "a.pdf", ["Eins", "Zwei"])], tmp_path / "sent.tif")
    chance = random.Random(7)
    to_receiver: list[bytes] = []
    to_sender: list[bytes] = []

    def lossy(queue: list[bytes], packet: bytes) -> None:
        if chance.random() >= loss:
            queue.append(packet)

    settings = TerminalSettings(ident="+49 1")
    sender = T38Terminal(
        tmp_path / "sent.tif", sends=True, settings=settings, send_packet=lambda one: lossy(to_receiver, one)
    )
    receiver = T38Terminal(
        tmp_path / "got.tif", sends=False, settings=settings, send_packet=lambda one: lossy(to_sender, one)
    )
    receiver.hear(b"\0\1nonsense")
    for _ in range(300 * 50):
        for machine, queue in ((sender, to_sender), (receiver, to_receiver)):
            machine.tick()
            arrived, queue[:] = queue[:], []
            for packet in arrived:
                machine.hear(packet)
        if sender.over.is_set() and receiver.over.is_set():
            break
    for machine in (sender, receiver):
        machine.close()
    assert (sender.result().cause, receiver.result().cause) == (FaxCause.SENT, FaxCause.RECEIVED)
    assert dots(tmp_path / "got.tif") == dots(tmp_path / "sent.tif")
