"""Rendering: what must be in the configuration is there, and no setting can smuggle anything in."""

import dataclasses
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.errors import ConfigError
from appliance.sip.edge.render import render
from appliance.sip.edge.settings import EdgeSettings, ensure_certificate, lan_addresses, link_token


def settings(**changes: Any) -> EdgeSettings:
    defaults: dict[str, Any] = {
        "state_dir": Path("/var/lib/ortsamt/edge"),
        "runtime_dir": Path("/run/ortsamt/edge"),
        "listen": ("192.168.1.1",),
    }
    return EdgeSettings(**{**defaults, **changes})


def test_listeners_are_exactly_those_asked_for() -> None:
    config = render(
        settings(listen=("127.0.0.1", "192.168.1.1", "2001:db8::1"), tls_port=5061, advertised="203.0.113.9")
    )["kamailio.cfg"]
    assert [line for line in config.splitlines() if line.startswith("listen=")] == [
        "listen=udp:127.0.0.1:5060",
        "listen=tcp:127.0.0.1:5060",
        "listen=tls:127.0.0.1:5061",
        "listen=udp:192.168.1.1:5060 advertise 203.0.113.9:5060",
        "listen=tcp:192.168.1.1:5060 advertise 203.0.113.9:5060",
        "listen=tls:192.168.1.1:5061 advertise 203.0.113.9:5061",
        "listen=udp:[2001:db8::1]:5060",
        "listen=tcp:[2001:db8::1]:5060",
        "listen=tls:[2001:db8::1]:5061",
        "listen=udp:127.0.0.1:5070",
    ]


def test_without_tls_there_is_no_tls() -> None:
    files = render(settings())
    assert set(files) == {"kamailio.cfg"}
    assert "tls.so" not in files["kamailio.cfg"]
    assert set(render(settings(tls_port=5061))) == {"kamailio.cfg", "tls.cfg"}


def test_essentials_are_there() -> None:
    config = render(settings(emergency_numbers=("110", "112"), trusted_networks=("10.0.0.0/8", "fd00::/8")))[
        "kamailio.cfg"
    ]
    assert 'modparam("usrloc", "db_url", "sqlite:////var/lib/ortsamt/edge/location.db")' in config
    assert 'modparam("presence", "db_url", "sqlite:////var/lib/ortsamt/edge/presence.db")' in config
    assert '$rU == "110" || $rU == "112"' in config
    assert "src_ip == 10.0.0.0/8 || src_ip == fd00::/8" in config
    assert '$du = "sip:127.0.0.1:5080"' in config
    assert "db_set_readonly" not in config
    assert "{{" not in config
    assert "{%" not in config


HOSTILE = ['x"y', "x\ny", "x;y", "x y", "$si", "x'y", "#!x", "{{ s }}", "\0", "x\\y", "🦊", ""]
TEXT_FIELDS = [
    "realm",
    "link_token",
    "core_listen",
    "core_address",
    "log_level",
    "user",
    "group",
    "advertised",
]
TUPLE_FIELDS = ["listen", "emergency_numbers", "trusted_networks"]
PATH_FIELDS = ["state_dir", "runtime_dir"]


@pytest.mark.parametrize("name", TEXT_FIELDS + TUPLE_FIELDS + PATH_FIELDS)
@pytest.mark.parametrize("value", HOSTILE)
def test_hostile_values_never_reach_the_configuration(name: str, value: str) -> None:
    if name == "link_token" and value == "":
        return
    given_value: Any = (
        (value,) if name in TUPLE_FIELDS else Path("/" + value) if name in PATH_FIELDS else value
    )
    if name in PATH_FIELDS and value == "":
        return
    with pytest.raises(ConfigError) as caught:
        settings(**{name: given_value})
    assert caught.value.problems
    assert caught.value.problems[0].where == "edge"


@given(st.sampled_from(TEXT_FIELDS), st.text())
def test_any_text_is_refused_or_stays_on_its_line(name: str, value: str) -> None:
    plain = render(settings())["kamailio.cfg"]
    try:
        changed = settings(**{name: value})
    except ConfigError:
        return
    assert len(render(changed)["kamailio.cfg"].splitlines()) == len(plain.splitlines())


def test_all_problems_are_told_at_once() -> None:
    with pytest.raises(ConfigError) as caught:
        settings(
            listen=(), evapi_port=0, realm="-", core_listen="10.0.0.1:5070", min_expires_s=9000, udp_workers=0
        )
    assert {problem.field for problem in caught.value.problems} == {
        "listen", "evapi_port", "realm", "core_listen", "default_expires_s", "udp_workers",
    }  # fmt: skip


def test_wildcard_and_double_use_of_a_port_are_refused() -> None:
    for changes in (
        {"listen": ("0.0.0.0",)},
        {"listen": ("127.0.0.1",), "core_listen": "127.0.0.1:5060"},
        {"core_listen": "127.0.0.1:5080"},
        {"tls_port": 5060},
    ):
        with pytest.raises(ConfigError):
            settings(**changes)


@pytest.mark.parametrize("changes", [
    {},
    {"emergency_numbers": ()},
    {"tls_port": 5061, "trusted_networks": ("10.0.0.0/8", "192.168.0.0/16")},
    {"log_level": "debug", "advertised": "203.0.113.9", "udp_workers": 1},
])  # fmt: skip
def test_kamailio_accepts_what_is_rendered(tmp_path: Path, changes: dict[str, Any]) -> None:
    assert shutil.which("kamailio"), "kamailio is part of the set-up"
    given_settings = settings(state_dir=tmp_path, runtime_dir=tmp_path, **changes)
    for name, content in render(given_settings).items():
        (tmp_path / name).write_text(content, encoding="utf-8")
    check = subprocess.run(
        ["kamailio", "-c", "-f", str(tmp_path / "kamailio.cfg")],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert check.returncode == 0, check.stderr


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        settings().realm = "x"  # type: ignore[misc]


def test_token_is_made_once_and_kept_to_its_owner(tmp_path: Path) -> None:
    token = link_token(tmp_path)
    assert len(token) >= 24
    assert link_token(tmp_path) == token
    assert (tmp_path / "link.token").stat().st_mode & 0o007 == 0
    (tmp_path / "link.token").write_text('broken "', encoding="ascii")
    assert link_token(tmp_path) != 'broken "'


def test_token_is_the_same_for_all_who_start_at_once(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        for number in range(20):
            folder = tmp_path / str(number)
            assert len(set(pool.map(link_token, [folder] * 8))) == 1
            assert [path.name for path in folder.iterdir()] == ["link.token"]


def test_certificate_is_made_once_for_every_address(tmp_path: Path) -> None:
    given_settings = settings(state_dir=tmp_path, runtime_dir=tmp_path, tls_port=5061)
    ensure_certificate(given_settings)
    first = given_settings.certificate.read_bytes()
    ensure_certificate(given_settings)
    assert given_settings.certificate.read_bytes() == first
    assert given_settings.key.stat().st_mode & 0o007 == 0
    with pytest.raises(ConfigError, match="cannot be read"):
        ensure_certificate(dataclasses.replace(
            given_settings, tls_certificate=tmp_path / "no.crt", tls_key=tmp_path / "no.key"
        ))  # fmt: skip


def test_addresses_of_this_machine_end_with_loop_back() -> None:
    addresses = lan_addresses()
    assert addresses[-1] == "127.0.0.1"
    settings(listen=addresses)
