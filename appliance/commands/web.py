"""``ortsamt web``: pages and API, in the foreground, as systemd starts it; also new passwords."""

import argparse
import os
import socket
from pathlib import Path

from appliance.commands.box import add_box_argument, box_of
from appliance.errors import ConfigError

HELP = "run pages and API (systemd starts it), reset a password, install a certificate (hook for ACME)"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options."""
    add_box_argument(parser)
    parser.add_argument("--log-level", default="info", choices=["debug", "info", "warning", "error"])
    parser.add_argument("--log-json", action="store_true", help="log as JSON lines even on a terminal")
    parser.add_argument(
        "what", nargs="?", choices=["run", "reset-password", "install-certificate"], default="run"
    )
    parser.add_argument("--certificate", type=Path, metavar="FILE", help="install: PEM with its chain")
    parser.add_argument("--key", type=Path, metavar="FILE", help="install: default as certbot and lego tell")
    parser.add_argument("account", nargs="?", default="admin", help="whose password; default: admin")


def _names(floating: str) -> tuple[str, ...]:
    """What browsers may call this machine."""
    from appliance.sip.edge.settings import lan_addresses

    host = socket.gethostname()
    known = (host,) if host.replace("-", "").replace(".", "").isalnum() and host.isascii() else ()
    local = tuple(f"{one}.local" for one in (*known, "ortsamt"))
    return (*known, *local, *dict.fromkeys([*([floating] if floating else []), *lan_addresses()]))


def run(arguments: argparse.Namespace) -> int:
    """Serve until SIGTERM or SIGINT; raises ConfigError or DeviceUnavailable when it cannot start."""
    from appliance.telemetry.logs import configure
    from webui.process import WebProcess
    from webui.settings import web_settings

    box = box_of(arguments)
    settings = web_settings(box, _names(box.standby.floating))
    if arguments.what == "reset-password":
        from webui.core_link import CoreLink
        from webui.first_account import new_password, reset_password

        password = new_password()
        made = reset_password(CoreLink(settings.socket), arguments.account, password)
        print(f"{'new account' if made else 'account'} {arguments.account}, password {password}")
        return 0
    if arguments.what == "install-certificate":
        from webui.acme import leave, named_by

        named = (arguments.certificate, arguments.key) if arguments.certificate else named_by(os.environ)
        if named is None or named[1] is None:
            raise ConfigError("which certificate?", field="certificate", hint="--certificate and --key")
        running = leave(settings.folder, *named)
        print("the web process takes it now" if running else "the web process takes it at its next start")
        return 0
    configure(arguments.log_level, json=arguments.log_json)
    WebProcess(settings).run()
    return 0
