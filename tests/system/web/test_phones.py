"""Desk phones of every vendor set themselves up and call; strangers get nothing."""

import socket
import struct
import subprocess
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.box import Box, office
from tests.support.desk_phones import VENDORS, DeskPhone, Refused, desk_phone
from tests.support.phone import Phone
from tests.support.processes import ortsamt
from tests.support.sip import SipClient
from tests.support.web import Client, Web

BY_PNP = frozenset({"snom", "yealink", "gigaset", "panasonic", "fanvil"})


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    documents = office(
        *(str(number) for number in range(21, 36)),
        park_lot={"p": {"first": "701", "count": 2}},
        switch={"night": {"number": "801", "name": "Night"}},
        speed_dial={"fire": {"number": "*001", "dial": "+4922111", "name": "Caretaker"}},
        phone_template={
            "desk": {
                "keys": [
                    {"place": 1, "kind": "line"},
                    {"place": 2, "kind": "blf", "number": "22"},
                    {"place": 3, "kind": "park", "number": "701"},
                    {"place": 4, "kind": "speed_dial", "number": "*001"},
                    {"place": 5, "kind": "dnd"},
                    {"place": 6, "kind": "switch", "number": "801"},
                ]
            }
        },
    )
    box = Box(tmp_path_factory.mktemp("phones"), documents)
    web = Web(box)
    with box, web:
        yield web


@pytest.fixture(scope="module")
def admin(web: Web) -> Client:
    return web.admin()


def _root(web: Web) -> str:
    return f"http://127.0.0.1:{web.http_port}/prov/"


def _adopt(admin: Client, phone: DeskPhone, number: str, **more: Any) -> Any:
    asked = {"mac": phone.mac, "extension": number, "vendor": phone.vendor, "template": "desk", **more}
    return admin.good("POST", "/phones", asked)


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_phone_sets_itself_up_and_calls(web: Web, admin: Client, vendor: str) -> None:
    box, phone = web.box, desk_phone(vendor, 0x100, source=f"127.0.1.{10 + VENDORS.index(vendor)}")
    number = str(21 + VENDORS.index(vendor))
    with pytest.raises(Refused):  # nobody's phone gets nothing, but is noticed
        phone.search(timeout=0.4) if vendor in BY_PNP else phone.boot(_root(web))
    waiting = {one["mac"]: one for one in admin.good("GET", "/phones/discovered")}
    assert waiting[phone.mac]["vendor"] == vendor
    assert waiting[phone.mac]["how"] == ("pnp" if vendor in BY_PNP else "http")
    _adopt(admin, phone, number, vendor="")
    url = phone.search() if vendor in BY_PNP else _root(web)
    assert url.startswith(_root(web))
    settings = phone.boot(url)
    account = settings.account
    assert account.username == f"{number}-{phone.mac[-6:]}"
    assert (account.host, account.port) == ("127.0.0.1", box.ports["sip_port"])
    own = f"*22{number}"
    # Some models tell lamps and park slots apart, and have fewer keys.
    assert [one for one in settings.lamps if one in ("22", "701", own, "801")] == settings.lamps
    assert {"22", "701", own, "801"} == set(settings.lamps)
    assert settings.dials == ["*001"]
    assert settings.next_url.startswith(_root(web))
    assert len(settings.next_url) > len(_root(web)) + 20
    assert phone.boot(settings.next_url).account == account  # it fetches again by the address it was told
    server = f"{account.host}:{account.port}"
    log = box.folder / f"desk-{vendor}.log"
    with Phone(server=server, user=account.username, secret=account.secret, log=log) as sip:
        sip.register()
        sip.call("*43")
        sip.wait("answered")
        shown = next(one for one in admin.good("GET", "/phones") if one["mac"] == phone.mac)
        assert (shown["numbers"], len(shown["registered"])) == ([number], 1)
        assert shown["model"].replace("i", "") == phone.model.replace("i", "")
        assert shown["fetched"] is not None
        sip.hangup()


@pytest.mark.parametrize("vendor", VENDORS)
def test_the_directory_is_searched_in_the_vendors_format(web: Web, admin: Client, vendor: str) -> None:
    phone = desk_phone(vendor, 0x100, source=f"127.0.1.{10 + VENDORS.index(vendor)}")
    known = {one["mac"] for one in admin.good("GET", "/phones")}
    if phone.mac not in known:
        _adopt(admin, phone, str(21 + VENDORS.index(vendor)))
    shown = web.box.control("config.get", kind="phone", id=phone.mac, reveal=True)
    url = f"{_root(web)}{shown['token']}/directory"
    query = "&fn=*&ln=Phone+3*" if vendor == "gigaset" else "&search=phone+3"
    text = phone.get(f"{url}?format={vendor}{query}").decode()
    root = ET.fromstring(text)
    roots = {"snom": "SnomIPPhoneDirectory", "yealink": "YealinkIPPhoneDirectory", "gigaset": "list",
             "grandstream": "AddressBook", "panasonic": "{http://panasonic/sip_phone}ppxml",
             "mitel": "AastraIPPhoneTextMenu", "poly": "{http://www.w3.org/1999/xhtml}html",
             "fanvil": "FanvilIPPhoneDirectory"}  # fmt: skip
    assert root.tag == roots[vendor]
    assert "Phone 31" in text
    assert ">31<" in text or "31</a>" in text
    assert "Phone 21" not in text
    if vendor == "grandstream":
        assert phone.get(f"{url}/phonebook.xml").decode().count("<Contact>") == 16
    with pytest.raises(Refused, match="404"):
        phone.get(f"{_root(web)}{'A' * 40}/directory?search=a")


def test_a_stranger_never_gets_what_the_phone_got(web: Web, admin: Client) -> None:
    phone, stranger = desk_phone("yealink", 0x200, "127.0.2.1"), desk_phone("yealink", 0x200, "127.0.2.2")
    _adopt(admin, phone, "30")
    settings = phone.boot(_root(web))
    with pytest.raises(Refused, match="404"):
        stranger.boot(_root(web))
    shown = next(one for one in admin.good("GET", "/phones") if one["mac"] == phone.mac)
    assert (shown["pinned"], shown["refused_from"]) == ("127.0.2.1", "127.0.2.2")
    assert phone.boot(_root(web)).account == settings.account  # after a reset, from where it always was
    # Whoever has the secret address is the phone, wherever it stands now.
    moved = desk_phone("yealink", 0x200, "127.0.2.3")
    assert moved.boot(settings.next_url).account == settings.account
    with pytest.raises(Refused, match="404"):
        moved.boot(_root(web))
    admin.good("POST", f"/phones/{phone.mac}/open", {"minutes": 5})
    assert stranger.boot(_root(web)).account == settings.account  # the administrator opened it
    with pytest.raises(Refused, match="404"):
        phone.boot(_root(web))


def test_a_one_time_link_works_once_and_from_anywhere(web: Web, admin: Client) -> None:
    phone = desk_phone("snom", 0x300, "127.0.3.1")
    _adopt(admin, phone, "31")
    phone.boot(_root(web))
    far = desk_phone("snom", 0x300, "127.0.3.9")
    made = admin.good(
        "POST", f"/phones/{phone.mac}/link", {"host": f"127.0.0.1:{web.http_port}", "https": False}
    )
    settings = far.boot(made["folder"])  # what all may have does not use it up
    assert settings.account.username == f"31-{phone.mac[-6:]}"
    with pytest.raises(Refused, match="404"):
        far.boot(made["url"])
    assert far.boot(settings.next_url).account == settings.account
    other = desk_phone("snom", 0x301)
    again = admin.good(
        "POST", f"/phones/{phone.mac}/link", {"host": f"127.0.0.1:{web.http_port}", "https": False}
    )
    with pytest.raises(Refused, match="404"):  # a link is for one phone
        other.get(again["folder"] + f"{other.mac.upper()}.xml")
    assert admin.good("DELETE", f"/phones/{phone.mac}/link") == {"revoked": 1}
    with pytest.raises(Refused, match="404"):
        far.boot(again["url"])


def test_guessing_addresses_ends_soon_and_is_told(web: Web, admin: Client) -> None:
    got = []
    for number in range(14):
        guess = desk_phone("yealink", 0x900 + number, "127.0.9.1")
        with pytest.raises(Refused) as refused:
            guess.get(f"{_root(web)}{guess.mac}.cfg")
        got.append(str(refused.value)[:3])
    assert got[0] == "404"
    assert got[-1] == "403"
    told = [one["subject"] for one in web.box.control("alarms.list")["past"] if one["id"] == "phones.guessed"]
    assert told == ["127.0.9.1"]
    honest = desk_phone("yealink", 0x980, "127.0.9.2")
    _adopt(admin, honest, "35")
    assert honest.boot(_root(web)).lamps  # others are not shut out


@pytest.mark.parametrize(
    "path",
    [
        "../web.db", "..%2f..%2fetc%2fpasswd", "%2e%2e/box.toml", "000413000001.xml/../../x", "\\..\\x",
        "once/../../x", "a" * 5000, "000413.xml", "", "directory", "%00", "y000000000096.cfg",
        "once/00000000-0000-4000-8000-000000000000/000413000100.xml",
    ],
)  # fmt: skip
def test_odd_paths_get_nothing(web: Web, path: str) -> None:
    phone = desk_phone("yealink", 0xABC, "127.0.8.1")
    with pytest.raises(Refused, match=r"40[34]|41[34]"):
        phone.get(_root(web) + path)


def test_a_phone_speaks_tls_and_srtp_where_it_shall(web: Web, admin: Client) -> None:
    box, phone = web.box, desk_phone("yealink", 0x620, "127.0.6.2")
    device = {"extension": "35", "username": "35-tls", "secret": "geheim-35-tls", "srtp": "mandatory"}
    box.control("config.set", kind="device", id="35-tls", fields=device)
    # Written down by hand instead of adopted: it gets its secret address with its first file.
    fields = {"mac": phone.mac, "vendor": "yealink", "devices": ["35-tls"], "transport": "tls"}
    admin.good("POST", "/config/phone", {"id": "reception", **fields})
    with pytest.raises(Refused, match="404"):
        phone.boot(_root(web))
    admin.good("POST", f"/phones/{phone.mac}/open", {"minutes": 5})
    settings = phone.boot(_root(web))
    assert phone.boot(settings.next_url).account == settings.account
    account = settings.account
    assert (account.transport, account.port, account.srtp) == ("tls", box.ports["tls_port"], "mandatory")
    log = box.folder / "desk-tls.log"
    server = f"{account.host}:{account.port}"
    with Phone(
        server=server,
        user=account.username,
        secret=account.secret,
        transport="tls",
        srtp="mandatory",
        log=log,
    ) as sip:
        sip.register()
        sip.call("*43")
        sip.wait("answered")
        assert sip.media()["secure"]
        sip.hangup()


def test_phones_that_can_fetch_by_https(web: Web) -> None:
    reply = web.client().ask("GET", "//prov/snomD785.htm")
    assert reply.status == 200
    assert ET.fromstring(reply.body).tag == "setting-files"
    assert reply.headers["Cache-Control"] == "no-store"


def test_what_phones_upload_is_not_taken(web: Web) -> None:
    client = Client(web.http_port, scheme="http")
    assert client.ask("PUT", "//prov/64167f000100-app.log", raw=b"x" * 100_000).status == 405
    assert client.ask("POST", "//prov/64167f000100.cfg", raw=b"x").status == 405


def test_a_preview_has_reasons_and_no_secrets(web: Web, admin: Client) -> None:
    phone = desk_phone("gigaset", 0x400)
    _adopt(admin, phone, "32", model="Maxwell 3")
    secret = web.box.control("config.get", kind="device", id=f"32-{phone.mac[-6:]}", reveal=True)["secret"]
    token = web.box.control("config.get", kind="phone", id=phone.mac, reveal=True)["token"]
    found = admin.good("GET", f"/phones/{phone.mac}/preview")
    assert "SIP.Account.0.AuthPassword" in found["text"]
    assert secret not in found["text"]
    assert token not in found["text"]
    assert all(one["why"] for one in found["reasons"])
    for path in ("/phones", "/config/phone"):
        assert token not in admin.ask("GET", path).body.decode()
    admin.good("DELETE", f"/config/phone/{phone.mac}")
    assert phone.mac not in {one["mac"] for one in admin.good("GET", "/phones")}


def test_a_registered_phone_is_told_to_restart_or_to_fetch(web: Web, admin: Client) -> None:
    phone = desk_phone("snom", 0x500, "127.0.5.1")
    _adopt(admin, phone, "33")
    assert admin.ask("POST", f"/phones/{phone.mac}/reboot", {}).error == "phones.not_registered"
    account = phone.boot(_root(web)).account
    with SipClient(
        server=(account.host, account.port), user=account.username, password=account.secret, timeout_s=10
    ) as sip:
        assert sip.register().status == 200
        box = web.box
        box.eventually(
            lambda: any(one["aor"] == account.username for one in box.control("registrations.list")),
            "the registration to be known",
        )
        for verb, event in (("reboot", "check-sync;reboot=true"), ("resync", "check-sync;reboot=false")):
            assert admin.good("POST", f"/phones/{phone.mac}/{verb}", {})["event"] == event
            notify = sip.wait_request("NOTIFY")
            assert notify.get("event") == event
            assert account.username in notify.uri
            sip.respond(notify, 200)


def shown_of(answer: Any, mac: str) -> Any:
    return next(one for one in answer["phones"] if one["mac"] == mac)


def test_whose_phone_it_is_sets_its_keys_and_the_phone_has_them_at_once(web: Web, admin: Client) -> None:
    phone = desk_phone("yealink", 0x600, "127.0.6.1")
    lamp = {"place": 2, "kind": "blf", "number": "21"}
    template = {"id": "fixed", "fixed": True, "offered": False, "keys": [lamp]}
    admin.good("POST", "/config/phone_template", template)
    _adopt(admin, phone, "35", template="")
    anna = web.account(admin, "anna", "user", ["35"])
    ben = web.account(admin, "ben", "user", ["34"])
    account = phone.boot(_root(web)).account
    settings = (
        f"{_root(web)}{web.box.control('config.get', kind='phone', id=phone.mac, reveal=True)['token']}/"
    )
    with SipClient(
        server=(account.host, account.port), user=account.username, password=account.secret, timeout_s=10
    ) as sip:
        assert sip.register().status == 200
        web.box.eventually(
            lambda: any(one["aor"] == account.username for one in web.box.control("registrations.list")),
            "the registration to be known",
        )

        def put(client: Client, **fields: Any) -> Any:
            reply = client.ask("PATCH", f"/phone-keys/{phone.mac}", fields)
            if reply.status == 200 and reply.json["told"]:
                notify = sip.wait_request("NOTIFY")
                assert notify.get("event") == "check-sync;reboot=false"
                sip.respond(notify, 200)
            return reply

        shown = anna.good("GET", "/phone-keys")
        mine = shown_of(shown, phone.mac)
        assert (mine["mac"], mine["lines"], mine["own"], mine["fixed"]) == (phone.mac, ["35"], [], False)
        assert mine["places"] >= 10
        assert ("701" in shown["park_slots"], [one["number"] for one in shown["switches"]]) == (True, ["801"])
        assert [one["id"] for one in shown["templates"]] == ["desk"]
        keys = [
            {"place": 3, "kind": "blf", "number": "22"},
            {"place": 4, "kind": "park", "number": "701"},
            {"place": 5, "kind": "speed_dial", "number": "0221999"},
            {"place": 6, "kind": "forward"},
        ]
        reply = put(anna, keys=keys, was=[])
        assert reply.status == 200
        assert reply.json["told"]
        told = phone.boot(settings)
        assert {"22", "701"} <= set(told.lamps)
        assert told.dials == ["0221999"]
        mine = shown_of(anna.good("GET", "/phone-keys"), phone.mac)
        assert [(one["place"], one["shown"], one["own"]) for one in mine["keys"]] == [
            (3, "Phone 22", True), (4, "P 701", True), (5, "0221999", True), (6, "Umleitung", True),
        ]  # fmt: skip
        # A template that is offered is chosen; the own keys stand in its places.
        assert put(anna, template="desk").status == 200
        assert phone.boot(settings).dials == ["0221999"]
        mine = shown_of(anna.good("GET", "/phone-keys"), phone.mac)
        assert {one["place"]: one["own"] for one in mine["keys"]} == {
            1: False, 2: False, 3: True, 4: True, 5: True, 6: True,
        }  # fmt: skip
        # What cannot be is told by key and field, and nothing of it is done.
        reply = put(anna, keys=[
            {"place": 119, "kind": "dnd"}, {"place": 4, "kind": "blf", "number": "99"},
            {"place": 5, "kind": "park", "number": "7"}, {"place": 6, "kind": "line", "line": 2},
            {"place": 7, "kind": "switch", "number": "5"}, {"place": 8, "kind": "profile", "number": "1"},
        ])  # fmt: skip
        assert [one["field"] for one in reply.json["error"]["problems"]] == [
            "keys[0].place", "keys[1].number", "keys[2].number",
            "keys[3].line", "keys[4].number", "keys[5].number",
        ]  # fmt: skip
        assert put(anna, keys=[], was=[]).error == "config.changed"
        assert put(anna, template="fixed").status == 404
        # Nobody else's phone, and nothing but the keys.
        assert put(ben, keys=[]).status == 404
        assert put(ben, keys=[], extension="35").status == 404
        assert ben.good("GET", "/phone-keys")["phones"] == []
        assert anna.ask("GET", f"/config/phone/{phone.mac}").status == 403
        assert anna.ask("PATCH", f"/config/phone/{phone.mac}", {"keys": []}).status == 403
        # A fixed template is what its phones have, whatever their own keys say.
        admin.good(
            "PATCH",
            f"/config/phone/{phone.mac}",
            {
                "template": "fixed",
                "keys": [
                    {"place": 2, "kind": "blf", "number": "24"},
                    {"place": 3, "kind": "blf", "number": "25"},
                ],
            },
        )
        assert set(phone.boot(settings).lamps) == {"21", "25"}
        assert put(anna, template="").error.startswith("config.")
        kept = [{"place": 2, "kind": "blf", "number": "24"}]
        assert put(anna, keys=[*kept, {"place": 2, "kind": "blf", "number": "22"}]).status == 422
        assert put(anna, keys=kept).status == 200
        assert phone.boot(settings).lamps == ["21"]


def test_mistakes_are_told(web: Web, admin: Client) -> None:
    def error(**asked: Any) -> tuple[str, str]:
        reply = admin.ask("POST", "/phones", {"mac": "0c383e0000aa", "extension": "34", **asked})
        return reply.json["error"]["id"], reply.json["error"]["field"] or ""

    assert error(mac="nonsense")[1] == "mac"
    assert error()[1] == "vendor"
    assert error(vendor="siemens")[1] == "vendor"
    assert error(vendor="fanvil", extension="99")[0] == "config.not_found"
    assert error(vendor="fanvil", minutes=0)[1] == "minutes"
    assert error(vendor="fanvil", template="none")[0].startswith("config.")
    assert admin.ask("POST", "/phones/0c383e0000aa/open", {}).status == 404
    assert admin.ask("GET", "/phones/0c383e0000aa/preview").status == 404
    hints = admin.good("GET", "/phone-dhcp")
    assert {"66", "43", "160", "114"} <= {str(one["option"]) for one in hints}
    assert {one["vendor"] for one in admin.good("GET", "/phone-vendors")} == set(VENDORS)


def test_a_wrong_password_tells_which_phone_it_was(web: Web) -> None:
    box = web.box
    with box.watching("edge.note") as watcher:
        place = ("127.0.0.1", box.ports["sip_port"])
        odd = 'Yealink SIP-T54W 96.86.0.70 "quoted" {x} \\'
        with SipClient(server=place, user="nobody", password="wrong", user_agent=odd) as sip:
            sip.register()
        told = watcher.wait("edge.note", what="AuthFailed", account="nobody")
    assert told["user_agent"] == odd


def test_the_command_line(web: Web) -> None:
    def ctl(*words: str) -> str:
        command = [*ortsamt("ctl", *words), "--socket", str(web.box.socket)]
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout

    phone = desk_phone("fanvil", 0x600)
    assert phone.mac in ctl("phone-adopt", phone.mac.upper(), "34", "--vendor", "fanvil")
    assert phone.mac in ctl("phones")
    assert "<sysConf>" in ctl("phone-preview", phone.mac)
    assert "open_until" in ctl("phone-open", phone.mac, "--minutes", "5")
    assert "160" in ctl("phones-dhcp")
    ctl("phones-discovered")


def test_a_phone_that_tells_the_network_its_name_is_noticed(web: Web, admin: Client) -> None:
    phone = desk_phone("snom", 0x610)
    label = f"snomD785-{phone.mac.upper()}".encode()
    name = bytes([len(label)]) + label + b"\x05local\0"
    told = (
        struct.pack("!6H", 0, 0x8400, 0, 1, 0, 0) + name + struct.pack("!HHIH", 1, 1, 120, 4) + b"\x7f\0\0\1"
    )
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("127.0.0.1"))
        sock.sendto(told, ("224.0.0.251", 5353))

    def noticed() -> bool:
        waiting = {one["mac"]: one for one in admin.good("GET", "/phones/discovered")}
        return phone.mac in waiting and bool(waiting[phone.mac]["how"] == "mdns")

    web.box.eventually(noticed, "the phone to be noticed")
