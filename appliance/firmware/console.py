"""What stands on the box's screen and serial line: its name, addresses, first password, what is wrong."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

RULE = "─" * 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known of the box now."""

    version: str
    host: str
    addresses: Sequence[str]
    first_password: str = ""
    """Empty once it was used, or not made yet."""
    fault: str = ""
    mended: str = ""
    core: bool = False
    """Ready for calls."""


def screen(facts: Facts) -> str:
    """The text, for a terminal of 80 columns."""
    lines = [RULE, f"Ortsamt {facts.version}", ""]
    if facts.addresses:
        lines.append(f"Open in a browser:  https://{facts.host}.local")
        lines += [f"                    https://{address}" for address in facts.addresses]
    else:
        lines.append("No network. Is the cable plugged in?")
    if facts.first_password:
        lines += ["", f"First login:        admin  {facts.first_password}"]
    lines.append("")
    if facts.fault:
        lines += [f"FAULT: {facts.fault}", "The telephone service is off; the page says what can be done."]
    else:
        lines.append("Ready for calls." if facts.core else "The telephone service is starting …")
    if facts.mended:
        lines.append(facts.mended)
    return "\n".join([*lines, RULE, ""])


def gather(state: Path, notes: Path, addresses: Sequence[str], *, core: bool) -> Facts:
    """Read what the box knows of itself; whatever cannot be read is left out."""
    release = dict(line.partition("=")[::2] for line in _read(Path("/etc/os-release")).splitlines())
    return Facts(
        version=release.get("IMAGE_VERSION", "").strip('"'),
        host=_read(Path("/etc/hostname")).strip(),
        addresses=addresses,
        first_password=_password(_read(state / "web" / "first-password")),
        fault=_read(notes / "fault").strip(),
        mended=_read(notes / "mended").strip(),
        core=core,
    )


def _password(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1].split()[-1] if lines else ""


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
