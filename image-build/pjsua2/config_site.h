/* PJSIP limits and switches for Ortsamt, copied to pjlib/include/pj/config_site.h by recipe.py.
 *
 * A "call" of PJSUA is one leg here. The limits below are ceilings of the build; how much memory the
 * process takes is decided at run time by UaConfig.maxCalls.
 */

/* --- pjlib ------------------------------------------------------------------------------------ */
#define PJ_DEBUG 0
#define PJ_LOG_MAX_LEVEL 5
#define PJ_IOQUEUE_MAX_HANDLES 8192             /* two RTP and two RTCP sockets per leg; each takes 600 bytes */
#define PJ_IOQUEUE_MAX_EVENTS_IN_SINGLE_POLL 64
#define PJ_SCANNER_USE_BITWISE 0
#define PJ_HAS_STRICMP_ALNUM 0
#define PJ_OS_HAS_CHECK_STACK 0

/* --- SIP -------------------------------------------------------------------------------------- */
#define PJSIP_MAX_TSX_COUNT 65535
#define PJSIP_MAX_DIALOG_COUNT 16383
#define PJSIP_MAX_TIMER_COUNT 16384             /* to begin with: the heap of timers grows by itself */
#define PJSIP_MAX_TRANSPORTS 1024               /* sockets of SIP; the phones' connections are the edge's */
#define PJSIP_MAX_URL_SIZE 512
#define PJSIP_MAX_PKT_LEN 8000                  /* a WebRTC offer or a long Route set does not fit the default */
#define PJSIP_UDP_SO_SNDBUF_SIZE 4194304
#define PJSIP_UDP_SO_RCVBUF_SIZE 4194304        /* a burst of INVITEs must wait in the socket, not be lost */
#define PJSIP_DONT_SWITCH_TO_TCP 1              /* an INVITE of 1300 bytes stays where its trunk was configured */
#define PJSIP_SAFE_MODULE 0
#define PJSIP_UNESCAPE_IN_PLACE 0               /* in place, the message we show to Python is garbled */
#define PJSIP_TCP_TRANSPORT_DONT_CREATE_LISTENER 0

/* --- PJSUA ------------------------------------------------------------------------------------ */
#define PJSUA_MAX_CALLS 2048
#define PJSUA_MAX_ACC 256                        /* trunks, nodes, the edge; phones have none */
#define PJSUA_MAX_BUDDIES 512
#define PJSUA_MAX_CONF_PORTS 4096
#define PJSUA_MAX_PLAYERS 512
#define PJSUA_MAX_RECORDERS 512

/* --- media ------------------------------------------------------------------------------------ */
#define PJMEDIA_HAS_VIDEO 0
#define PJMEDIA_HAS_SRTP 1
#define PJMEDIA_SRTP_HAS_SDES 1
#define PJMEDIA_SRTP_HAS_DTLS 1
#define PJMEDIA_HAS_OPUS_CODEC 1
#define PJMEDIA_HAS_G722_CODEC 1
#define PJMEDIA_HAS_SPEEX_AEC 0
#define PJMEDIA_CONF_THREADS 1                  /* the parallel bridge pays from three cores on */
