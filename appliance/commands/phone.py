"""``ortsamt phone``: a SIP phone for the terminal."""

import argparse
import os
import sys
from pathlib import Path

from appliance.errors import ConfigError, OrtsamtError
from appliance.model.documents import Srtp, Transport

HELP = "be a SIP phone in the terminal: register, call, answer, say what is heard"
SECRET_VARIABLE = "ORTSAMT_PHONE_SECRET"  # noqa: S105 - its name, not its value


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options; what is typed later is told by the phone's own 'help'."""
    account = parser.add_argument_group("account")
    account.add_argument(
        "--server", metavar="HOST[:PORT]", default="", help="registrar; without: direct calls"
    )
    account.add_argument("--user", default="phone", help="user name, often the extension")
    account.add_argument("--auth-user", default="", help="user name for the password when it differs")
    account.add_argument("--secret", default=None, help=f"password; better in ${SECRET_VARIABLE}")
    account.add_argument("--name", default="", help="display name")
    account.add_argument(
        "--no-register", action="store_true", help="call through the server without registering"
    )
    account.add_argument("--expires", type=int, default=300, metavar="S", help="registration time asked for")
    network = parser.add_argument_group("network and sound")
    network.add_argument("--transport", choices=[one.value for one in Transport], default="udp")
    network.add_argument("--srtp", choices=[one.value for one in Srtp], default="off", help="encrypted audio")
    network.add_argument("--ca", default="", metavar="FILE", help="verify the server's certificate by these")
    network.add_argument("--codec", action="append", default=[], metavar="NAME", help="repeat by preference")
    network.add_argument("--bind", default="", metavar="ADDRESS", help="own address")
    network.add_argument("--port", type=int, default=0, help="own SIP port; default any")
    network.add_argument("--sound", action="store_true", help="use the sound card; default: none needed")
    network.add_argument("--log", type=int, default=0, metavar="LEVEL", help="of the SIP stack, 0 to 5")
    calls = parser.add_argument_group("calls")
    calls.add_argument("--answer", action="store_true", help="answer every call at once")
    calls.add_argument("--tone", type=int, default=0, metavar="HZ", help="say a tone into every call")
    calls.add_argument("--echo", action="store_true", help="send back what is heard in every call")
    calls.add_argument("--messages", action="store_true", help="subscribe to waiting messages")
    calls.add_argument("--max-calls", type=int, default=8)
    calls.add_argument("--json", action="store_true", help="events as JSON, one a line, for programs")
    probe = parser.add_argument_group(
        "one test call", "exit code 0: fine, 3: not answered, 4: not registered, 5: the tone was not heard"
    )
    probe.add_argument("--call", metavar="NUMBER", help="call this number, judge, leave")
    probe.add_argument("--play", default="", metavar="FILE", help="WAV file to say")
    probe.add_argument("--digits", default="", help="to send after the answer")
    probe.add_argument("--for", dest="seconds", type=float, default=5.0, metavar="S", help="talk so long")
    probe.add_argument("--patience", type=float, default=40.0, metavar="S", help="for the answer")
    probe.add_argument("--expect-tone", type=int, metavar="HZ", help="must be heard meanwhile")


def run(arguments: argparse.Namespace) -> int:
    """Run the phone; raises OrtsamtError for what the user must put right."""
    from appliance.phone.settings import PhoneSettings, split_server

    host, port = split_server(arguments.server) if arguments.server else ("", 0)
    if arguments.ca and not Path(arguments.ca).is_file():
        raise ConfigError(f"--ca: {arguments.ca} is no file", error_id="phone.ca", hint="a PEM file")
    if not 0 <= arguments.port <= 65535:
        raise ConfigError("--port: out of range", error_id="phone.port", hint="0 (any) to 65535")
    if not 1 <= arguments.max_calls <= 32:
        raise ConfigError("--max-calls: out of range", error_id="phone.max_calls", hint="1 to 32")
    settings = PhoneSettings(
        server=host,
        server_port=port,
        user=arguments.user,
        auth_user=arguments.auth_user,
        secret=arguments.secret if arguments.secret is not None else os.environ.get(SECRET_VARIABLE, ""),
        display=arguments.name,
        transport=Transport(arguments.transport),
        register=not arguments.no_register,
        expires=arguments.expires,
        srtp=Srtp(arguments.srtp),
        **({"codecs": tuple(arguments.codec)} if arguments.codec else {}),
        bind=arguments.bind,
        port=arguments.port,
        ca_file=arguments.ca,
        answer=arguments.answer,
        tone_hz=arguments.tone,
        echo=arguments.echo,
        messages=arguments.messages,
        sound=arguments.sound,
        max_calls=arguments.max_calls,
        log_level=arguments.log,
    )
    try:
        from appliance.phone.main import run as run_phone
        from appliance.phone.main import run_probe
    except ModuleNotFoundError as error:
        if error.name not in {"pjsua2", "_pjsua2"}:
            raise
        raise ConfigError(
            "the SIP library pjsua2 is not installed", error_id="phone.pjsua2", hint="run ./dev setup"
        ) from error
    if not arguments.call:
        return run_phone(settings, json=arguments.json)
    from appliance.phone.probe import ProbePlan

    plan = ProbePlan(
        number=arguments.call,
        play=arguments.play,
        seconds=arguments.seconds,
        patience=arguments.patience,
        digits=arguments.digits,
        expect_hz=arguments.expect_tone,
        wait_registration=bool(host) and settings.register,
    )
    return run_probe(settings, plan, json=arguments.json)


def main() -> int:
    """Run as a program of its own: ``python -m appliance.commands.phone``."""
    parser = argparse.ArgumentParser(prog="ortsamt phone", description=HELP)
    add_arguments(parser)
    try:
        return run(parser.parse_args())
    except OrtsamtError as error:
        print(f"ortsamt phone: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
