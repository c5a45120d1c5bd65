"""box.toml: defaults, every mistake at once, the right key for a wrong one."""

from dataclasses import replace
from pathlib import Path

import pytest

from appliance.app.settings import edge_settings, engine_settings
from appliance.errors import ConfigError
from appliance.model.box import BoxSettings
from appliance.model.snapshot import Snapshot
from appliance.store import box
from appliance.store.box import load_box


def test_nothing_is_needed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(box, "DEFAULT_PATH", tmp_path / "box.toml")
    assert load_box() == BoxSettings()
    (tmp_path / "box.toml").write_text(
        'node = "koeln"\n[network]\nsip_port = 15060\nlisten = ["192.0.2.1"]\n'
    )
    settings = load_box()
    assert (settings.node, settings.network.sip_port, settings.network.listen) == (
        "koeln",
        15060,
        ("192.0.2.1",),
    )
    assert settings.engine == BoxSettings().engine


def test_every_mistake_is_named_with_a_remedy(tmp_path: Path) -> None:
    path = tmp_path / "box.toml"
    path.write_text(
        'nodes = "x"\n[network]\nsip_prot = 5060\ntls_port = "5061"\n[engine]\nclock_rate = 44100\n'
        "[securty]\nx = 1\n"
    )
    with pytest.raises(ConfigError) as caught:
        load_box(path)
    assert {one.field: one.remedy for one in caught.value.problems} == {
        "nodes": "did you mean 'node'?",
        "network.sip_prot": "did you mean 'sip_port'?",
        "network.tls_port": "a whole number",
        "engine.clock_rate": "16000 is usual",
        "securty": "did you mean 'security'?",
    }


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"node = \n", "is not valid TOML: Invalid value (at line 1, column 8)"),
        (b"\xff\xfe", "is not UTF-8 text"),
        (b"node = 3", "expected 'str', got 'int'"),
        (b"[network]\n[network]\n", "is not valid TOML"),
        (b"network = 3", "must be a table of fields"),
    ],
)
def test_what_cannot_be_read_is_said(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "box.toml"
    path.write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        load_box(path)
    assert message in str(caught.value)


def test_a_file_that_was_named_must_exist(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="does not exist"):
        load_box(tmp_path / "bax.toml")
    with pytest.raises(ConfigError, match="cannot be read"):
        load_box(tmp_path)


@pytest.mark.parametrize(
    ("network", "seen_at"),
    [
        ("", ""),
        ('public_address = "203.0.113.5"', "203.0.113.5"),
        ('public_address = "[2001:db8::5]"', "2001:db8::5"),
        ('public_address = "cloud.example.net"', ""),
        ('public_address = "cloud.example.net"\npublic_ip = "203.0.113.5"', "203.0.113.5"),
    ],
)
def test_what_others_see_is_an_address(tmp_path: Path, network: str, seen_at: str) -> None:
    path = tmp_path / "box.toml"
    path.write_text(f'role = "cloud"\n[network]\nlisten = ["10.9.0.2"]\n{network}\n')
    settings = load_box(path)
    assert settings.network.seen_at == seen_at
    assert engine_settings(settings, Snapshot()).media_address == (seen_at or "10.9.0.2")
    assert edge_settings(settings).advertised == (seen_at or None)
    at_office = replace(settings, role="box")
    assert engine_settings(at_office, Snapshot()).media_address == "10.9.0.2"
