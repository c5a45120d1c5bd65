"""Raw values to typed documents: everything wrong is named at once, with a remedy."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.errors import ConfigError
from appliance.model.box import BoxSettings
from appliance.model.decode import decode, encode, known_only, suggestion, try_decode
from appliance.model.documents import (
    KINDS,
    SECRET_FIELDS,
    Application,
    Device,
    Document,
    Extension,
    Language,
    Number,
    RingStep,
    Service,
    Site,
    Srtp,
    Target,
    TargetKind,
    Transport,
    Trunk,
    TrunkKind,
)
from appliance.model.ids import E164, DeviceId, ExtensionId, NumberId, ServiceId, TrunkId


class Colour(StrEnum):
    RED = "red"
    GREEN = "green"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wheel:
    size: int
    colour: Colour = Colour.RED

    def __post_init__(self) -> None:
        if self.size < 1:
            raise ValueError("size: is too small: at least 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Car:
    name: str
    wheels: tuple[Wheel, ...] = ()
    spare: Wheel | None = None
    fast: bool = False
    first: Wheel = field(default_factory=lambda: Wheel(size=1))


def problems(raw: object, cls: type = Car) -> list[tuple[str, str, str]]:
    value, found = try_decode(cls, raw, where="car 1")
    assert (value is None) == bool(found)
    assert all(one.where == "car 1" for one in found)
    return [(one.field, one.message, one.remedy) for one in found]


def test_what_is_right_becomes_a_document() -> None:
    raw = {"name": "x", "wheels": [{"size": 3, "colour": "green"}], "spare": None, "first": {"size": 2}}
    assert decode(Car, raw, where="") == Car(
        name="x", wheels=(Wheel(size=3, colour=Colour.GREEN),), first=Wheel(size=2)
    )


@pytest.mark.parametrize(
    ("raw", "found"),
    [
        ({}, [("name", "is missing", "add this field")]),
        (
            {"nane": "x"},
            [("nane", "unknown field", "did you mean 'name'?"), ("name", "is missing", "add this field")],
        ),
        ({"name": 1}, [("name", "expected 'str', got 'int'", "a text in quotes")]),
        ({"name": "x", "fast": "yes"}, [("fast", "expected 'bool', got 'str'", "true or false")]),
        ({"name": "x", "wheels": {}}, [("wheels", "must be a list", "write [ … ]")]),
        ({"name": "x", "wheels": [1]}, [("wheels[0]", "must be a table of fields", "write { … }")]),
        (
            {"name": "x", "wheels": [{"size": 2}, {"size": 0}, {"size": "big"}]},
            [
                ("wheels[1].size", "is too small", "at least 1"),
                ("wheels[2].size", "expected 'int', got 'str'", "a whole number"),
            ],
        ),
        (
            {"name": "x", "spare": {"size": 1, "colour": "blue"}},
            [("spare.colour", "invalid enum value 'blue'", "one of: red, green")],
        ),
        ([], [("", "must be a table of fields", "write { … }")]),
        (None, [("", "must be a table of fields", "write { … }")]),
    ],
)
def test_every_mistake_has_its_place_and_remedy(raw: object, found: list[tuple[str, str, str]]) -> None:
    assert problems(raw) == found


def test_the_error_carries_all_problems() -> None:
    with pytest.raises(ConfigError) as refused:
        decode(Car, {"nmae": "x", "fast": 3}, where="car 1")
    assert len(refused.value.problems) == 3
    assert refused.value.error_id == "config.invalid"
    assert "and 2 more" in str(refused.value)


def test_suggestions() -> None:
    assert suggestion("extention", ["extension", "number"]) == "did you mean 'extension'?"
    assert suggestion("zzz", ["b", "a"]) == "known: a, b"
    assert suggestion("zzz", []) == "remove it"


def test_what_a_newer_version_wrote_is_passed_over() -> None:
    raw = {"name": "x", "radio": 1, "wheels": [{"size": 1, "abs": True}], "spare": {"size": 2, "abs": 1}}
    assert known_only(Car, raw) == {"name": "x", "wheels": [{"size": 1}], "spare": {"size": 2}}
    assert problems(known_only(Car, raw)) == []


@pytest.mark.parametrize(
    ("kind", "raw", "place"),
    [
        ("site", {"id": "other"}, "id"),
        ("site", {"country": "de"}, "country"),
        ("site", {"area_code": "0221x"}, "area_code"),
        ("site", {"outside_prefix": "0000"}, "outside_prefix"),
        ("site", {"emergency_numbers": ["110", "1"]}, "emergency_numbers"),
        ("site", {"emergency_numbers": ["110"]}, "emergency_numbers"),
        ("site", {"default_caller_number": "0221"}, "default_caller_number"),
        ("extension", {"id": "a b", "number": "21"}, "id"),
        ("extension", {"id": "a", "number": "*21"}, "number"),
        ("extension", {"id": "a", "number": "21", "ring_seconds": 4}, "ring_seconds"),
        ("extension", {"id": "a", "number": "21", "name": "a\nb"}, "name"),
        ("extension", {"id": "a", "number": "21", "caller_number": "21"}, "caller_number"),
        ("device", {"id": "a", "extension": "a", "username": "a b", "secret": "12345678"}, "username"),
        ("device", {"id": "a", "extension": "a", "username": "a", "secret": "1234567"}, "secret"),
        ("device", {"id": "a", "extension": "a", "username": "a", "secret": "1234567\n8"}, "secret"),
        ("number", {"id": "a", "number": "0221"}, "number"),
        ("number", {"id": "a", "number": "+4922147", "steps": [{"targets": []}]}, "steps[0].targets"),
        (
            "number",
            {"id": "a", "number": "+4922147", "steps": [{"targets": [{"kind": "external", "ref": "21"}]}]},
            "steps[0].targets[0].ref",
        ),
        ("trunk", {"id": "a", "host": "sip example"}, "host"),
        ("trunk", {"id": "a", "host": "x"}, "username"),
        ("trunk", {"id": "a", "host": "x", "username": 'a"b'}, "username"),
        ("trunk", {"id": "a", "host": "x", "kind": "static", "port": 70000}, "port"),
        ("service", {"id": "a", "number": "*1", "application": "echo", "prompt": "../x"}, "prompt"),
        ("service", {"id": "a", "number": "*1", "application": "announcement"}, "prompt"),
        ("service", {"id": "a", "number": "abc", "application": "echo"}, "number"),
    ],
)
def test_documents_refuse_what_cannot_work(kind: str, raw: dict[str, Any], place: str) -> None:
    value, found = try_decode(KINDS[kind], raw, where=kind)
    assert value is None
    assert [one.field for one in found] == [place]
    assert all(one.remedy for one in found)


def test_emergency_numbers_of_germany_stay() -> None:
    assert Site(emergency_numbers=("110", "112", "19222")).emergency_numbers[2] == "19222"
    assert Site(country="US", emergency_numbers=("911",)).emergency_numbers == ("911",)


def test_secret_fields_exist() -> None:
    for kind, fields in SECRET_FIELDS.items():
        assert fields <= set(KINDS[kind].__dataclass_fields__)


texts = st.text(alphabet=st.characters(exclude_categories=["Cc", "Cs"]), max_size=20)
names = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,10}", fullmatch=True)
public = st.from_regex(r"\+[1-9][0-9]{3,14}", fullmatch=True).map(E164)
targets = st.one_of(
    st.builds(Target, kind=st.just(TargetKind.EXTERNAL), ref=public),
    st.builds(Target, kind=st.sampled_from([TargetKind.EXTENSION, TargetKind.SERVICE]), ref=names),
)
steps = st.builds(
    RingStep, targets=st.lists(targets, min_size=1, max_size=3).map(tuple), seconds=st.integers(1, 600)
)
documents: st.SearchStrategy[Document] = st.one_of(
    st.builds(Site, name=texts, language=st.sampled_from(Language), default_caller_number=st.none() | public),
    st.builds(
        Extension,
        id=names.map(ExtensionId),
        number=st.from_regex(r"[0-9]{1,12}", fullmatch=True),
        name=texts,
        language=st.none() | st.sampled_from(Language),
        caller_number=st.none() | public,
        call_waiting=st.booleans(),
    ),
    st.builds(
        Device,
        id=names.map(DeviceId),
        extension=names.map(ExtensionId),
        username=names,
        secret=st.text(alphabet="abc#é ", min_size=8, max_size=20),
        srtp=st.sampled_from(Srtp),
    ),
    st.builds(Number, id=names.map(NumberId), number=public, steps=st.lists(steps, max_size=3).map(tuple)),
    st.builds(
        Trunk,
        id=names.map(TrunkId),
        host=st.just("sip.example.net"),
        username=names,
        kind=st.sampled_from([TrunkKind.REGISTERING, TrunkKind.STATIC]),
        transport=st.sampled_from(Transport),
        peers=st.lists(st.just("192.0.2.0/24"), max_size=2).map(tuple),
    ),
    st.builds(
        Service,
        id=names.map(ServiceId),
        number=st.just("*1"),
        application=st.just(Application.ECHO),
        language=st.none() | st.sampled_from(Language),
    ),
)


@given(documents)
def test_every_document_survives_encoding(document: Document) -> None:
    assert decode(type(document), encode(document), where="") == document


junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(raw=junk, kind=st.sampled_from(sorted(KINDS)), key=st.text(max_size=5), data=st.data())
def test_no_rubbish_makes_decoding_fail_otherwise(
    raw: object, kind: str, key: str, data: st.DataObject
) -> None:
    cls = KINDS[kind]
    some = data.draw(st.dictionaries(st.sampled_from(sorted(cls.__dataclass_fields__)), junk, max_size=6))
    for value in (raw, some, {**some, key: raw}):
        decoded, found = try_decode(cls, value, where=kind)
        assert (decoded is None) == bool(found)
        assert all(one.message for one in found)


def test_box_settings_by_default_make_a_box() -> None:
    assert decode(BoxSettings, {}, where="box.toml") == BoxSettings()


@pytest.mark.parametrize(
    ("raw", "place"),
    [
        ({"network": {"sip_port": 0}}, "network.sip_port"),
        ({"network": {"sip_prot": 5060}}, "network.sip_prot"),
        ({"network": {"sip_port": 5080}}, "network.sip_port"),
        ({"network": {"listen": ["10.0.0"]}}, "network.listen"),
        ({"engine": {"codecs": ["G729"]}}, "engine.codecs"),
        ({"security": {"never_ban": ["192.168.1.1/24"]}}, "security.never_ban"),
        ({"node": "a b"}, "node"),
    ],
)
def test_box_settings_name_their_mistakes(raw: dict[str, Any], place: str) -> None:
    _, found = try_decode(BoxSettings, raw, where="box.toml")
    assert [one.field for one in found] == [place]
