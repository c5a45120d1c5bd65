"""The demo's box.toml: written by the first start, then the user's; options change only their own lines."""

import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tomli

from appliance.errors import ConfigError, DeviceUnavailable
from appliance.model.box import BoxSettings
from appliance.model.decode import try_decode

_PORTS = {
    "sip_port": 0,
    "tls_port": 1,
    "edge_core_port": 2,
    "evapi_port": 3,
    "core_port": 4,
    "trunk_port": 5,
    "fax_port": 7,
    "https_port": 8,
    "http_port": 9,
    "t38_port": 10,
}
"""Their places in the row of ``--ports``; 6 is the emulated provider's."""
_PAGES = {"https_port": 8443, "http_port": 8080}
"""Without ``--ports``: what needs no rights of root."""
_ANALOG = (
    "# Two analog telephones, emulated: ortsamt simulate show",
    "[[fxs]]",
    'id = "fxs1"',
    'family = "gpio"',
    "pins = { hook = 17, forward = 27, ring = 22 }",
    'audio = "hw:CARD=slic1"',
    "emulated = true",
    "[[fxs]]",
    'id = "fxs2"',
    'family = "dahdi"',
    "channel = 2",
    "emulated = true",
)
_SECTION = re.compile(r"\s*\[\s*([A-Za-z_]+)\s*\]\s*(#.*)?$")


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoOptions:
    """What ``ortsamt demo`` was asked for. ``ports``: first of a row of ports, 0: the usual ones."""

    state: Path
    prompts: Path | None
    listen: tuple[str, ...] = ()
    ports: int = 0
    provider_port: int = 5090


def write_settings(options: DemoOptions) -> Path:
    """Write box.toml on the first start; later change in it what the options name, and nothing else.

    Raises ConfigError for options that make no sense, DeviceUnavailable when the folder cannot be used.
    """
    path = options.state / "box.toml"
    try:
        before = path.read_text(encoding="utf-8") if path.exists() else ""
        text = _changed(before, _network(options), path, _PAGES) if before else _first(options)
        _check(text)
        if text != before:
            _write(path, text)
    except UnicodeDecodeError:
        raise _by_hand(path) from None
    except OSError as error:
        raise DeviceUnavailable(
            f"{path} cannot be used: {error.strerror}",
            error_id="demo.state",
            hint="choose another folder with --state, or change its rights",
        ) from error
    return path


def _network(options: DemoOptions) -> Mapping[str, Any]:
    """What the options say about [network]."""
    wanted: dict[str, Any] = {}
    if options.listen:
        wanted["listen"] = list(options.listen)
    if options.ports:
        wanted |= {name: options.ports + offset for name, offset in _PORTS.items()}
    return wanted


def _first(options: DemoOptions) -> str:
    lines = ["# Settings of the demo box; written by the first start, yours to change.", "[network]"]
    lines += _lines({**_PAGES, **_network(options)})
    usb = options.state / "usb"
    lines += ["[gsm]", *_lines({"sysfs": str(usb / "sys"), "devices": str(usb / "dev")})]
    lines += ["[paths]"]
    lines += _lines({"state": str(options.state / "state"), "runtime": str(options.state / "run")})
    if options.prompts is not None:
        lines += _lines({"prompts": str(options.prompts)})
    lines += _ANALOG
    return "\n".join(lines) + "\n"


def _lines(values: Mapping[str, Any]) -> Iterator[str]:
    for name, value in values.items():
        yield f"{name} = {json.dumps(value, ensure_ascii=False)}"


def _changed(text: str, wanted: Mapping[str, Any], path: Path, usual: Mapping[str, Any]) -> str:
    """The same text with these values in [network], and the usual ones where there are none."""
    try:
        have = tomli.loads(text).get("network", {})
    except tomli.TOMLDecodeError:
        return text  # told with the line when it is loaded
    if not isinstance(have, dict):
        return text
    wanted = {**{name: value for name, value in usual.items() if name not in have}, **wanted}
    wanted = {name: value for name, value in wanted.items() if have.get(name) != value}
    if not wanted:
        return text
    lines, section, place = [], "", 0
    for line in text.splitlines():
        heading = _SECTION.match(line)
        section = heading.group(1) if heading else section
        if section == "network" and line.partition("=")[0].strip() in wanted:
            continue
        lines.append(line)
        if heading and section == "network":
            place = len(lines)
    new = list(_lines(wanted))
    if place:
        lines[place:place] = new
    else:
        lines += ["[network]", *new]
    changed = "\n".join(lines) + "\n"
    try:
        got = tomli.loads(changed)["network"]
    except (tomli.TOMLDecodeError, KeyError):
        raise _by_hand(path) from None
    if got != {**have, **wanted}:
        raise _by_hand(path)
    return changed


def _check(text: str) -> None:
    """Refuse before anything is written what the settings themselves refuse."""
    try:
        raw = tomli.loads(text)
    except tomli.TOMLDecodeError:
        return  # an old file: told with its name and line when it is loaded
    settings, problems = try_decode(BoxSettings, raw, where="box.toml")
    if settings is None:
        raise ConfigError.of(problems)


def _by_hand(path: Path) -> ConfigError:
    return ConfigError(
        f"{path} is written in a way that --listen and --ports cannot be put into",
        error_id="demo.settings",
        hint="set them in [network] by hand, or delete the file",
    )


def _write(path: Path, text: str) -> None:
    beside = path.with_suffix(".new")
    with beside.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
