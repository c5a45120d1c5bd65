"""libspandsp2 0.0.6 through cffi, without a compiler: keys, caller identity, fax terminals and tones.

Opened once; declarations follow the headers of libspandsp-dev. All is opaque but the statistics of a fax,
laid out as in Debian 12 and 13 (ABI ``libspandsp.so.2``).
"""

import functools
from typing import Any

import cffi

from appliance.errors import DeviceUnavailable

NAME = "libspandsp.so.2"
RATE = 8000
"""Samples a second everywhere in spandsp."""

_LINE = """
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

_FAX = """
typedef struct fax_state_s fax_state_t;
typedef struct t30_state_s t30_state_t;
typedef struct modem_connect_tones_rx_state_s tones_t;
typedef int (*page_handler)(t30_state_t *s, void *user, int result);
typedef void (*end_handler)(t30_state_t *s, void *user, int code);
typedef void (*tone_handler)(void *user, int code, int level, int delay);
typedef struct {
    int bit_rate;
    int error_correcting_mode;
    int pages_tx;
    int pages_rx;
    int pages_in_file;
    int x_resolution;
    int y_resolution;
    int width;
    int length;
    int image_size;
    int encoding;
    int bad_rows;
    int longest_bad_row_run;
    int error_correcting_mode_retries;
    int current_status;
    int unused[16];
} t30_stats_t;

fax_state_t *fax_init(fax_state_t *s, int calling_party);
int fax_free(fax_state_t *s);
int fax_rx(fax_state_t *s, int16_t *amp, int len);
int fax_tx(fax_state_t *s, int16_t *amp, int max_len);
void fax_set_transmit_on_idle(fax_state_t *s, int transmit_on_idle);
t30_state_t *fax_get_t30_state(fax_state_t *s);
void t30_terminate(t30_state_t *s);
void t30_get_transfer_statistics(t30_state_t *s, t30_stats_t *t);
int t30_set_tx_ident(t30_state_t *s, const char *id);
const char *t30_get_rx_ident(t30_state_t *s);
void t30_set_rx_file(t30_state_t *s, const char *file, int stop_page);
void t30_set_tx_file(t30_state_t *s, const char *file, int start_page, int stop_page);
int t30_set_ecm_capability(t30_state_t *s, int enabled);
int t30_set_rx_encoding(t30_state_t *s, int encoding);
int t30_set_supported_modems(t30_state_t *s, int supported_modems);
int t30_set_supported_compressions(t30_state_t *s, int supported_compressions);
int t30_set_supported_resolutions(t30_state_t *s, int supported_resolutions);
int t30_set_supported_image_sizes(t30_state_t *s, int supported_image_sizes);
void t30_set_phase_b_handler(t30_state_t *s, page_handler handler, void *user);
void t30_set_phase_d_handler(t30_state_t *s, page_handler handler, void *user);
void t30_set_phase_e_handler(t30_state_t *s, end_handler handler, void *user);

tones_t *modem_connect_tones_rx_init(tones_t *s, int tone_type, tone_handler handler, void *user);
int modem_connect_tones_rx(tones_t *s, const int16_t *amp, int len);
int modem_connect_tones_rx_free(tones_t *s);

typedef struct t38_terminal_state_s t38_terminal_state_t;
typedef struct t38_core_state_s t38_core_state_t;
typedef int (*packet_sender)(t38_core_state_t *s, void *user, const uint8_t *buf, int len, int count);

t38_terminal_state_t *t38_terminal_init(t38_terminal_state_t *s, int calling_party, packet_sender sender,
                                        void *user);
int t38_terminal_free(t38_terminal_state_t *s);
int t38_terminal_send_timeout(t38_terminal_state_t *s, int samples);
t30_state_t *t38_terminal_get_t30_state(t38_terminal_state_t *s);
t38_core_state_t *t38_terminal_get_t38_core_state(t38_terminal_state_t *s);
int t38_core_rx_ifp_packet(t38_core_state_t *s, const uint8_t *buf, int len, uint16_t seq_no);
"""

ffi: Any = cffi.FFI()
ffi.cdef(_LINE)
ffi.cdef(_FAX)

MODEM_V27TER, MODEM_V29, MODEM_V17 = 0x01, 0x02, 0x04
COMPRESS_T4_1D, COMPRESS_T4_2D, COMPRESS_T6 = 0x02, 0x04, 0x08
RESOLUTION_STANDARD, RESOLUTION_FINE, RESOLUTION_SUPERFINE = 0x01, 0x02, 0x04
RESOLUTION_R8 = 0x20000
WIDTH_215MM, LENGTH_UNLIMITED, LENGTH_A4, LENGTH_B4 = 0x01, 0x10000, 0x20000, 0x40000
LENGTH_LETTER, LENGTH_LEGAL = 0x80000, 0x100000
ENCODING_T6 = 3
TONE_CNG, TONE_PREAMBLE, TONE_CED_OR_PREAMBLE = 1, 6, 7


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
