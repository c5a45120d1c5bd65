"""``ortsamt provider``: an emulated SIP provider with the telephone network behind it."""

import argparse
import ipaddress
import re
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from appliance.errors import ConfigError, OrtsamtError

if TYPE_CHECKING:
    from appliance.provider.registrar import Account

HELP = "be an emulated SIP provider: registrar, outside numbers, outside callers"
_MODES = ("normal", "nonsense", "dead", "overloaded", "forbidden")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options; what is typed later is told by the provider's own 'help'."""
    parser.add_argument("--listen", default="127.0.0.1", metavar="ADDRESS", help="address for UDP and TCP")
    parser.add_argument("--port", type=int, default=5090, help="SIP port; 0: any")
    parser.add_argument(
        "--account",
        action="append",
        default=[],
        metavar="USER:SECRET[:PREFIX,…]",
        help="an account that registers, and the numbers that are its own; repeat for more",
    )
    parser.add_argument(
        "--peer",
        action="append",
        default=[],
        metavar="NAME=ADDRESS:PORT[:PREFIX,…]",
        help="a customer known by address; repeat for more",
    )
    parser.add_argument("--realm", default="provider.example", help="digest realm")
    parser.add_argument("--tone", type=int, default=1000, metavar="HZ", help="what called parties say")
    parser.add_argument("--answer-after", type=float, default=1.0, metavar="S")
    parser.add_argument("--mode", choices=_MODES, default="normal", help="how every request is treated")
    parser.add_argument(
        "--nonsense", dest="mode", action="store_const", const="nonsense", help="answer garbage"
    )
    parser.add_argument("--control", type=Path, metavar="SOCKET", help="also take commands there")
    parser.add_argument("--json", action="store_true", help="events as JSON, one a line, for programs")
    parser.add_argument("--to", type=Path, metavar="SOCKET", help="send the command to a running provider")
    parser.add_argument("words", nargs="*", metavar="COMMAND", help="with --to: call NUMBER from NUMBER, …")


def run(arguments: argparse.Namespace) -> int:
    """Run the provider; raises OrtsamtError for what the user must put right."""
    from appliance.provider.commands import Mode
    from appliance.provider.main import run as run_provider
    from appliance.provider.main import talk_to
    from appliance.provider.provider import ProviderSettings

    if arguments.to is not None:
        try:
            return talk_to(arguments.to, shlex.join(arguments.words) or "status")
        except KeyboardInterrupt:
            return 0
    if arguments.words:
        raise ConfigError(
            f"'{arguments.words[0]}' is sent to nobody", error_id="provider.words", hint="use --to SOCKET"
        )
    try:
        ipaddress.ip_address(arguments.listen)
    except ValueError:
        raise ConfigError(
            f"--listen: '{arguments.listen}' is no IP address",
            error_id="provider.listen",
            hint="for example 127.0.0.1",
        ) from None
    if not 0 <= arguments.port <= 65535:
        raise ConfigError("--port: out of range", error_id="provider.port", hint="0 (any) to 65535")
    if not 0 <= arguments.tone < 4000:
        raise ConfigError("--tone: out of range", error_id="provider.tone", hint="0 to 3999 Hz")
    accounts = [_account(text) for text in arguments.account] + [_peer(text) for text in arguments.peer]
    settings = ProviderSettings(
        listen=arguments.listen,
        port=arguments.port,
        realm=arguments.realm,
        accounts=tuple(accounts),
        tone_hz=arguments.tone,
        answer_after=max(0.0, arguments.answer_after),
        mode=Mode(arguments.mode),
    )
    return run_provider(settings, json=arguments.json, control=arguments.control)


def _account(text: str) -> "Account":
    from appliance.provider.registrar import Account

    name, colon, rest = text.partition(":")
    if not name or not colon:
        raise ConfigError(
            f"--account: '{text}' is no account", error_id="provider.account", hint="USER:SECRET"
        )
    secret, _, prefixes = rest.partition(":")
    return Account(name=name, secret=secret, numbers=_prefixes(prefixes))


def _peer(text: str) -> "Account":
    from appliance.provider.registrar import Account

    found = re.fullmatch(r"([^=:]+)=([0-9.]+):(\d{1,5})(?::(.*))?", text)
    try:
        if found is None or not 0 < int(found[3]) <= 65535:
            raise ValueError
        address = str(ipaddress.ip_address(found[2]))
    except ValueError:
        raise ConfigError(
            f"--peer: '{text}' is no peer", error_id="provider.peer", hint="NAME=ADDRESS:PORT"
        ) from None
    return Account(name=found[1], secret="", numbers=_prefixes(found[4] or ""), peer=(address, int(found[3])))


def _prefixes(text: str) -> tuple[str, ...]:
    return tuple(one.strip() for one in text.split(",") if one.strip())


def main() -> int:
    """Run as a program of its own: ``python -m appliance.commands.provider``."""
    parser = argparse.ArgumentParser(prog="ortsamt provider", description=HELP)
    add_arguments(parser)
    try:
        return run(parser.parse_args())
    except OrtsamtError as error:
        print(f"ortsamt provider: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
