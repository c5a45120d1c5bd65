"""From facts to files. Pure: the same facts give the same bytes."""

import itertools
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from jinja2 import DictLoader, Environment, StrictUndefined, Template, select_autoescape

from appliance.provisioning.catalogue import FileSpec, Setting, pattern_of, source, vendors
from appliance.provisioning.facts import HIDDEN, PhoneFacts, RenderedFile

_ODD = re.compile("[^\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML or a line of text cannot hold (XML 1.0 §2.2)."""
_NO_MAC = "000000000000"


@dataclass(frozen=True, slots=True, kw_only=True)
class Element:
    """A setting as it stands in a file."""

    name: str
    value: str
    index: str
    group: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedFile:
    """What a file's name says."""

    vendor: str
    spec: FileSpec
    mac: str
    """Lower case; empty: the name has none."""
    model: str


def named_files(name: str) -> tuple[NamedFile, ...]:
    """The vendors whose phones ask for a file of this name; several share some names."""
    found = []
    for vendor_id, vendor in vendors().items():
        for spec in vendor.files:
            match = pattern_of(spec.name).match(name)
            if match is not None:
                groups = match.groupdict()
                mac = (groups.get("mac") or "").lower()
                if mac != _NO_MAC:
                    model = groups.get("model") or ""
                    found.append(NamedFile(vendor=vendor_id, spec=spec, mac=mac, model=model))
    return tuple(found)


def render(facts: PhoneFacts, name: str) -> RenderedFile | None:
    """The file ``name`` of this phone; None: its vendor has none of that name."""
    spec = next((one.spec for one in named_files(name) if one.vendor == facts.vendor), None)
    if spec is None:
        return None
    return _file(facts.vendor, spec, name, {**_scope(facts), "settings": elements(facts), "file": name})


def common(vendor: str, spec: FileSpec, name: str, base_url: str) -> RenderedFile:
    """A file that holds nothing of anybody's: it leads phones to their own."""
    return _file(vendor, spec, name, {"base_url": base_url, "file": name, "vendor": vendor})


def main_file(facts: PhoneFacts) -> str:
    """The name of the file that holds the accounts."""
    spec = next(one for one in vendors()[facts.vendor].files if not one.common)
    return fill(spec.name, facts.mac, facts.model)


def fill(name: str, mac: str, model: str = "") -> str:
    """A name of the data with MAC and model in their places."""
    return name.replace("{mac}", mac).replace("{MAC}", mac.upper()).replace("{model}", model)


def masked(facts: PhoneFacts) -> PhoneFacts:
    """The same without secrets, for people to look at."""
    return replace(
        facts,
        lines=tuple(replace(one, secret=HIDDEN) for one in facts.lines),
        admin_password=HIDDEN,
        base_url=_without_token(facts.base_url),
        directory_url=_without_token(facts.directory_url),
    )


def elements(facts: PhoneFacts) -> tuple[Element, ...]:
    """Every setting of this phone's vendor that applies, in the order of the data."""
    vendor = vendors()[facts.vendor]
    scope = _scope(facts)
    found: list[Element] = []
    # All settings of one line or key stand together: people read these files.
    for _, run in itertools.groupby(enumerate(vendor.settings), lambda one: one[1].each):
        settings = tuple(run)
        for one in _each(settings[0][1], facts):
            inside = {**scope, **one}
            for number, setting in settings:
                compiled = _compiled(facts.vendor, number)
                if compiled.applies(inside):
                    found.append(compiled.element(setting, inside))
    return tuple(found)


def _each(setting: Setting, facts: PhoneFacts) -> tuple[dict[str, Any], ...]:
    if setting.each == "line":
        return tuple({"line": one} for one in facts.lines)
    if setting.each == "key":
        return tuple({"key": one} for one in facts.keys)
    return ({},)


def _scope(facts: PhoneFacts) -> dict[str, Any]:
    names = (
        "mac", "model", "language", "country", "clock", "ntp", "lines", "keys", "primary", "secondary",
        "base_url", "directory_url", "firmware_url", "firmware_version", "admin_password",
        "resync_hour", "ring_internal", "ring_external", "srtp",
    )  # fmt: skip
    scope: dict[str, Any] = {name: getattr(facts, name) for name in names}
    return {**scope, "line": facts.line, "vendor": facts.vendor}


class _Compiled:
    """A setting's templates, compiled once."""

    def __init__(self, setting: Setting, environment: Environment) -> None:
        self._name = environment.from_string(setting.name)
        self._value = environment.from_string(setting.value)
        self._index = environment.from_string(setting.index)
        self._when = (
            environment.compile_expression(setting.when, undefined_to_none=False) if setting.when else None
        )

    def applies(self, scope: Mapping[str, Any]) -> bool:
        return self._when is None or bool(self._when(scope))

    def element(self, setting: Setting, scope: Mapping[str, Any]) -> Element:
        return Element(
            name=_ODD.sub(" ", self._name.render(scope)).strip(),
            value=_ODD.sub(" ", self._value.render(scope)).strip(),
            index=self._index.render(scope),
            group=setting.group,
            why=setting.why,
        )


@cache
def _compiled(vendor: str, number: int) -> _Compiled:
    return _Compiled(vendors()[vendor].settings[number], _environment(vendor))


@cache
def _environment(vendor_id: str) -> Environment:
    vendor = vendors()[vendor_id]
    texts = {one.template: source(vendor_id, one.template) for one in vendor.files}
    environment = Environment(
        loader=DictLoader(texts), undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=select_autoescape(enabled_extensions=("xml.j2",), default_for_string=False),
    )  # fmt: skip
    environment.filters["of"] = lambda word, table: vendor.translate(str(word), table)
    environment.filters["quoted"] = lambda text: '"' + str(text).replace('"', "'") + '"'
    environment.filters["tree"] = _tree
    return environment


@cache
def _template(vendor: str, name: str) -> Template:
    return _environment(vendor).get_template(name)


def _file(vendor: str, spec: FileSpec, name: str, scope: Mapping[str, Any]) -> RenderedFile:
    text = _template(vendor, spec.template).render(scope)
    if spec.template.endswith(".crlf.j2"):
        text = text.replace("\n", "\r\n")
    content = text.encode("utf-8", "replace")
    return RenderedFile(name=name, media_type=spec.media_type, content=content)


def _tree(settings: tuple[Element, ...]) -> dict[str, Any]:
    """Elements named ``sip/line#1/PhoneNumber`` as nested dicts, in order."""
    root: dict[str, Any] = {}
    for one in settings:
        *folders, leaf = one.name.split("/")
        inside = root
        for folder in folders:
            inside = inside.setdefault(folder, {})
        inside[leaf] = one.value
    return root


def _without_token(url: str) -> str:
    return re.sub(r"/prov/[A-Za-z0-9]{20,64}/", f"/prov/{HIDDEN}/", url)
