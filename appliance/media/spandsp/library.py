"""The shared library, opened once. Declarations follow the headers of libspandsp-dev 0.0.6."""

import functools
from typing import Any

import cffi

from appliance.errors import DeviceUnavailable

NAME = "libspandsp.so.2"
RATE = 8000
"""Samples a second everywhere in spandsp."""

_DECLARATIONS = """
typedef void (*digits_rx_callback_t)(void *user_data, const char *digits, int len);
typedef void (*tone_report_func_t)(void *user_data, int code, int level, int delay);
typedef void (*put_msg_func_t)(void *user_data, const uint8_t *msg, int len);

void *dtmf_rx_init(void *s, digits_rx_callback_t callback, void *user_data);
void dtmf_rx_parms(void *s, int filter_dialtone, int twist, int reverse_twist, int threshold);
void dtmf_rx_set_realtime_callback(void *s, tone_report_func_t callback, void *user_data);
int dtmf_rx(void *s, const int16_t amp[], int samples);
int dtmf_rx_free(void *s);

void *dtmf_tx_init(void *s);
void dtmf_tx_set_level(void *s, int level, int twist);
void dtmf_tx_set_timing(void *s, int on_time, int off_time);
int dtmf_tx_put(void *s, const char *digits, int len);
int dtmf_tx(void *s, int16_t amp[], int max_samples);
int dtmf_tx_free(void *s);

void *adsi_rx_init(void *s, int standard, put_msg_func_t put_msg, void *user_data);
int adsi_rx(void *s, const int16_t amp[], int len);
int adsi_rx_free(void *s);
int adsi_next_field(void *s, const uint8_t *msg, int msg_len, int pos,
                    uint8_t *field_type, uint8_t const **field_body, int *field_len);

void *adsi_tx_init(void *s, int standard);
void adsi_tx_set_preamble(void *s, int preamble_len, int preamble_ones_len, int postamble_ones_len,
                          int stop_bits);
int adsi_tx_put_message(void *s, const uint8_t *msg, int len);
int adsi_tx(void *s, int16_t amp[], int max_len);
int adsi_tx_free(void *s);
int adsi_add_field(void *s, uint8_t *msg, int len, uint8_t field_type, uint8_t const *field_body,
                   int field_len);
"""

ffi = cffi.FFI()
ffi.cdef(_DECLARATIONS)


@functools.cache
def spandsp() -> Any:
    """The library's functions; raises DeviceUnavailable when it is not installed."""
    try:
        return ffi.dlopen(NAME)
    except OSError as error:
        raise DeviceUnavailable(
            f"{NAME} cannot be loaded: {error}",
            error_id="media.spandsp_missing",
            hint="install Debian's package libspandsp2",
        ) from None


def samples_of(frame: bytes) -> Any:
    """16 bit samples of a frame, without a copy; keep ``frame`` as long as the result."""
    return ffi.from_buffer("int16_t[]", frame)
