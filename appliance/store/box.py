"""Reading box.toml: every mistake reported at once, wrong keys answered with the right one."""

from pathlib import Path

import tomli

from appliance.errors import ConfigError, Problem
from appliance.model.box import BoxSettings
from appliance.model.decode import try_decode

DEFAULT_PATH = Path("/etc/ortsamt/box.toml")


def load_box(path: Path | None = None) -> BoxSettings:
    """The settings in the TOML file ``path``; None: the usual place, defaults when nothing is there.

    Raises ConfigError with all problems; also when a file that was named does not exist.
    """
    where = path or DEFAULT_PATH
    try:
        text = where.read_bytes().decode("utf-8")
    except FileNotFoundError:
        if path is None:
            return BoxSettings()
        raise _unreadable(where, "does not exist", "check the name") from None
    except UnicodeDecodeError:
        raise _unreadable(where, "is not UTF-8 text", "save it as UTF-8") from None
    except OSError as error:
        raise _unreadable(where, f"cannot be read: {error.strerror}", "check its rights") from error
    try:
        raw = tomli.loads(text)
    except tomli.TOMLDecodeError as error:
        raise _unreadable(where, f"is not valid TOML: {error}", "correct that line") from None
    settings, problems = try_decode(BoxSettings, raw, where=where.name)
    if settings is None:
        raise ConfigError.of(problems)
    return settings


def _unreadable(path: Path, message: str, remedy: str) -> ConfigError:
    return ConfigError.of([Problem(where=str(path), field="", message=message, remedy=remedy)])
