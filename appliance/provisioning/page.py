"""Writes the tables of docs/provisioning.md: ``python -m appliance.provisioning.page``."""

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from appliance.provisioning.catalogue import Setting, Vendor, vendors

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "provisioning.md"
MARK = "<!-- From here on written by `python -m appliance.provisioning.page` out of the data. -->"

_SHORT = {
    "{{ line.place }}": "N", "{{ line.place - 1 }}": "N-1",
    "{{ key.place }}": "K", "{{ key.place - 1 }}": "K-1",
}  # fmt: skip


def page(written: str) -> str:
    """The whole page: what people wrote above the mark, and the tables."""
    head, mark, _ = written.partition(MARK)
    lines = [
        head + mark, "", "## What a router can tell phones", "",
        "`ortsamt ctl phones-dhcp` (`GET /phone-dhcp`) shows these with the box's own address in them.", "",
        "| vendor | option | text | |", "|---|---|---|---|",
    ]  # fmt: skip
    for vendor in vendors().values():
        lines += [f"| {vendor.name} | {one.option} | `{one.text}` | {one.why} |" for one in vendor.dhcp]
    lines += ["", "For Yealink's option 43 the text stands in sub-option 1; the command shows it in hex."]
    lines += [
        "", "## Vendors", "",
        "Nothing here was tried on a telephone of the vendor: files are held to the vendors' documents and",
        "to public collections of settings, and phones that the tests make read them by themselves, register",
        "and call. What is not certain is marked *unsure* with the reason. Unify phones use a protocol of",
        "their own (DLS) and are not set up. DECT bases belong to DECT systems.",
    ]  # fmt: skip
    lines += ["", "### What is not certain", "", "| vendor | element | |", "|---|---|---|"]
    for vendor in vendors().values():
        doubted = dict.fromkeys((_short(one), one.unsure) for one in vendor.settings if one.unsure)
        lines += [f"| {vendor.name} | `{shown}` | {why} |" for shown, why in doubted]
    for name, vendor in vendors().items():
        lines += _vendor(name, vendor)
    return "\n".join([*lines, ""])


def _vendor(name: str, vendor: Vendor) -> Iterator[str]:
    yield from ["", f"### {vendor.name} (`{name}`)", ""]
    models = ", ".join(f"{model} ({one.lines}/{one.keys})" for model, one in vendor.models.items())
    yield f"Models (lines/keys): {models}; others get all keys. Fetch again: `{vendor.check_sync}`."
    yield from ["", "| file | |", "|---|---|"]
    yield from (f"| `{one.name}` | {one.why} |" for one in vendor.files)
    yield from ["", "| element | |", "|---|---|"]
    for _, same in groupby(vendor.settings, key=lambda one: (one.name, one.why)):
        yield _setting(next(iter(same)))
    yield from ["", "Sources: " + "; ".join(vendor.sources) + "."]


def _short(setting: Setting) -> str:
    name = setting.name
    for written, short in _SHORT.items():
        name = name.replace(written, short)
    return name.replace("|", "\\|")


def _setting(setting: Setting) -> str:
    name = {"key": "fkey", "firmware": "file"}.get(setting.group) or _short(setting)
    index = " idx" if setting.index else ""
    unsure = f" *Unsure: {setting.unsure}.*" if setting.unsure else ""
    return f"| `{name}`{index} | {setting.why}.{unsure} |"


if __name__ == "__main__":
    DOCUMENT.write_text(page(DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8")
