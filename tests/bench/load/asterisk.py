"""The baseline: Asterisk with the same phones, digest, proxied media and call records on disk.

What it must do is as little as what is asked of us: only the modules for that are loaded, and every
extension has its hint, since we publish the lamp of every extension too.
"""

import re
from collections.abc import Iterable
from pathlib import Path

from tests.bench.load.phones import Account

MODULES = (
    # those after app_dial may be missing in a build
    "res_pjsip_nat", "res_timing_timerfd", "res_sorcery_config", "res_sorcery_memory",
    "res_sorcery_astdb", "res_pjproject", "res_rtp_asterisk", "codec_alaw", "codec_ulaw",
    "format_pcm", "bridge_simple", "bridge_native_rtp", "bridge_builtin_features", "res_pjsip",
    "res_pjsip_session", "res_pjsip_sdp_rtp", "res_pjsip_registrar",
    "res_pjsip_authenticator_digest", "res_pjsip_endpoint_identifier_user", "res_pjsip_caller_id",
    "res_pjsip_dtmf_info", "res_pjsip_rfc3326", "res_pjsip_refer", "res_pjsip_pubsub",
    "res_pjsip_outbound_publish", "res_pjsip_exten_state", "res_pjsip_dialog_info_body_generator",
    "chan_pjsip", "pbx_config", "app_dial", "cdr_csv", "res_pjsip_nat", "res_pjsip_dlg_options",
    "func_callerid",
)  # fmt: skip
_PHONE = """\
[phone](!)
type=endpoint
transport=udp
context=office
disallow=all
allow=alaw
direct_media=no
media_address=127.0.0.1
"""
FOLDERS = ("run", "log", "log/cdr-csv", "spool", "db", "keys")


def write_configuration(
    folder: Path, accounts: Iterable[Account], *, port: int, rtp: tuple[int, int], domain: str
) -> Path:
    """Write everything Asterisk reads into ``folder``; the path of its main file."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in FOLDERS:
        (folder / name).mkdir(parents=True, exist_ok=True)
    accounts = tuple(accounts)
    files = {
        "asterisk.conf": _main(folder),
        "modules.conf": "[modules]\nautoload=no\n" + "".join(f"load={name}.so\n" for name in MODULES),
        "logger.conf": "[general]\n[logfiles]\nmessages.log => warning,error\n",
        "cdr.conf": "[general]\nenable=yes\nunanswered=yes\n[csv]\nusegmtime=yes\nloguniqueid=yes\n",
        "rtp.conf": f"[general]\nrtpstart={rtp[0]}\nrtpend={rtp[1]}\n",
        "pjproject.conf": "[startup]\nlog_level=0\n",
        "pjsip.conf": _pjsip(accounts, port, domain),
        "extensions.conf": _dialplan(accounts),
        "indications.conf": "[general]\ncountry=de\n[de]\ndescription=Germany\nringcadence=1000,4000\n",
        "stasis.conf": "[taskpool]\n",
        **dict.fromkeys(("acl.conf", "features.conf", "ccss.conf", "cel.conf", "udptl.conf"), ""),
    }
    for name, text in files.items():
        (folder / name).write_text(text)
    return folder / "asterisk.conf"


def records_written(folder: Path) -> int:
    """Lines in the call record file."""
    path = folder / "log" / "cdr-csv" / "Master.csv"
    return path.read_bytes().count(b"\n") if path.exists() else 0


def version(folder: Path) -> str:
    """What Asterisk says of itself at the top of its log; empty when it says nothing."""
    path = folder / "log" / "messages.log"
    found = re.search(r"Asterisk [0-9.]+", path.read_text(errors="replace")) if path.exists() else None
    return found.group() if found else ""


def _main(folder: Path) -> str:
    return (
        f"[directories]\nastetcdir => {folder}\nastdbdir => {folder}/db\nastrundir => {folder}/run\n"
        f"astlogdir => {folder}/log\nastspooldir => {folder}/spool\nastkeydir => {folder}/keys\n"
        "[options]\nmaxfiles = 20000\ndocumentation_language = en_US\n"
    )


def _pjsip(accounts: Iterable[Account], port: int, domain: str) -> str:
    parts = [
        f"[global]\ntype=global\nuser_agent=baseline\ndefault_realm={domain}\n",
        f"[udp]\ntype=transport\nprotocol=udp\nbind=127.0.0.1:{port}\n",
        _PHONE,
    ]
    for one in accounts:
        parts.append(
            f"[{one.user}](phone)\nauth={one.user}\naors={one.user}\ncallerid=<{one.user}>\n"
            f"[{one.user}]\ntype=auth\nauth_type=userpass\nusername={one.user}\npassword={one.secret}\n"
            f"[{one.user}]\ntype=aor\nmax_contacts=8\n"
        )
    return "".join(parts)


def _dialplan(accounts: Iterable[Account]) -> str:
    hints = "".join(f"exten => {one.user},hint,PJSIP/{one.user}\n" for one in accounts)
    return f"[general]\nstatic=yes\n[office]\n{hints}exten => _XXXX,1,Dial(PJSIP/${{EXTEN}},60)\n"
