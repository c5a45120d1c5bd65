"""Numbers and structures as the kernel's headers make them."""

import pytest

from appliance.fxs.cadences import RingKind, ring_cadence
from appliance.fxs.dahdi import codec
from appliance.fxs.dahdi.codec import Request
from appliance.model.analog_line import Burst, RingCadence

WRITE, READ = 1, 2


def number(direction: int, code: int, size: int) -> int:
    """``_IOW``, ``_IOR`` and ``_IOWR`` of <asm-generic/ioctl.h>, for DAHDI's 0xDA."""
    return direction << 30 | size << 16 | 0xDA << 8 | code


@pytest.mark.parametrize(
    ("request_", "direction", "code", "size"),
    [
        (Request.SET_BLOCKSIZE, WRITE, 1, 4),
        (Request.FLUSH, WRITE, 3, 4),
        (Request.GET_PARAMS, WRITE | READ, 5, codec.PARAMS_BYTES),
        (Request.SET_PARAMS, WRITE, 5, codec.PARAMS_BYTES),
        (Request.HOOK, WRITE, 7, 4),
        (Request.GETEVENT, READ, 8, 4),
        (Request.SET_BUFINFO, WRITE, 27, len(codec.buffers(count=4))),
        (Request.ECHOCANCEL, WRITE, 33, 4),
        (Request.SPECIFY, WRITE, 38, 4),
        (Request.SETLINEAR, WRITE, 40, 4),
        (Request.SETCADENCE, WRITE, 42, 64),
        (Request.ONHOOKTRANSFER, WRITE, 51, 4),
        (Request.SET_HWGAIN, WRITE, 86, len(codec.hardware_gain(0, transmit=True))),
        (Request.SETPOLARITY, WRITE, 92, 4),
        (Request.VMWI, WRITE | READ, 94, 4),
        (Request.ECHOCANCEL_FAX_MODE, WRITE, 102, 4),
    ],
)
def test_the_numbers_of_the_requests(request_: Request, direction: int, code: int, size: int) -> None:
    assert request_ == number(direction, code, size)


def test_parameters_are_changed_where_they_are_meant_to_be() -> None:
    raw = codec.pack_parameters(
        channel=3, signalling=1 << 12 | 32, off_hook=True, name="XPP/3", flash_ms=1250, debounce_ms=600
    )
    found = codec.parameters(raw)
    assert (found.channel, found.off_hook, found.name, found.flash_ms) == (3, True, "XPP/3", 1250)
    changed = codec.parameters(found.changed(flash_ms=500, debounce_ms=20).raw)
    assert (changed.flash_ms, changed.debounce_ms, changed.name) == (500, 20, "XPP/3")
    assert len(raw) == 136


@pytest.mark.parametrize("kind", list(RingKind))
@pytest.mark.parametrize("with_identity", [False, True])
def test_every_cadence_fits_and_says_where_it_begins_again(kind: RingKind, with_identity: bool) -> None:
    cadence = ring_cadence("DE", kind, with_identity=with_identity)
    values = codec.unpack_cadence(codec.cadence(cadence))
    begin = next((at for at, value in enumerate(values) if value < 0), 0)
    assert begin == 2 * len(cadence.first)
    assert [abs(value) for value in values if value] == [
        length for burst in (*cadence.first, *cadence.repeated) for length in (burst.on_ms, burst.off_ms)
    ]


def test_more_bursts_than_the_kernel_has_room_for() -> None:
    with pytest.raises(ValueError, match="at most 8"):
        codec.cadence(RingCadence(repeated=(Burst(on_ms=1, off_ms=1),) * 9))


@pytest.mark.parametrize(("event", "digit"), [(1 << 16 | ord("7"), "7"), (3, ""), (1 << 17 | ord("1"), "")])
def test_pulse_digits(event: int, digit: str) -> None:
    assert codec.pulse_digit(event) == digit
