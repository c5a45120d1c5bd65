"""libspandsp2 0.0.6 through cffi, without a compiler: what a fax terminal and a tone detector need of it.

Everything is opaque but the statistics, laid out as in Debian 12 and 13 (ABI ``libspandsp.so.2``).
"""

import functools
from typing import Any

import cffi

from appliance.errors import DeviceUnavailable

ffi: Any = cffi.FFI()
ffi.cdef(
    """
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
    """
)

MODEM_V27TER, MODEM_V29, MODEM_V17 = 0x01, 0x02, 0x04
COMPRESS_T4_1D, COMPRESS_T4_2D, COMPRESS_T6 = 0x02, 0x04, 0x08
RESOLUTION_STANDARD, RESOLUTION_FINE, RESOLUTION_SUPERFINE = 0x01, 0x02, 0x04
RESOLUTION_R8 = 0x20000
WIDTH_215MM, LENGTH_UNLIMITED, LENGTH_A4, LENGTH_B4 = 0x01, 0x10000, 0x20000, 0x40000
LENGTH_LETTER, LENGTH_LEGAL = 0x80000, 0x100000
ENCODING_T6 = 3
TONE_CNG, TONE_PREAMBLE, TONE_CED_OR_PREAMBLE = 1, 6, 7


@functools.cache
def library() -> Any:
    """The loaded library; raises DeviceUnavailable when it is not installed."""
    try:
        return ffi.dlopen("libspandsp.so.2")
    except OSError as error:
        raise DeviceUnavailable(
            f"the fax library cannot be loaded: {error}", error_id="fax.library", hint="install libspandsp2"
        ) from error
