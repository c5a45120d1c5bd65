"""A module that needs somebody says so by mail and by an SMS over the other module."""

from pathlib import Path

from appliance.drivers.gsm.emulator import EmulatedModule
from tests.support.box import Box, office
from tests.support.relay import MailRelay

JANITOR = "+4915112345678"


def test_a_sim_that_stays_closed_is_told_by_mail_and_over_the_other_module(tmp_path: Path) -> None:
    usb = tmp_path / "usb"
    (usb / "dev").mkdir(parents=True)
    closed = EmulatedModule(usb, family="quectel", place="1-1.1", imei="860000000000033")
    closed.sim.pin = "9999"
    other = EmulatedModule(usb, family="simcom", place="1-1.2", imei="860000000000025")
    site = {
        "area_code": "221",
        "name": "Büro",
        "alarm_emails": ["hausmeister@example.com"],
        "alarm_numbers": [JANITOR],
        "language": "de",
    }
    with MailRelay() as relay, closed, other:
        documents = office(
            "21",
            site={"main": site},
            gsm_module={
                "closed": {"imei": closed.imei, "pin": "1234"},
                "other": {"imei": other.imei},
            },
            trunk={"gsm": {"kind": "gsm", "module": "closed"}},
            mail={
                "main": {"host": "127.0.0.1", "port": relay.port, "tls": "none", "sender": "box@example.com"}
            },
        )
        settings = {"gsm": {"sysfs": str(usb / "sys"), "devices": str(usb / "dev")}}
        with Box(tmp_path, documents, settings=settings) as box:
            mail = relay.wait(recipient="hausmeister@example.com")
            part = mail.get_body(("plain",))
            assert part is not None
            assert "closed lässt sich mit der eingestellten PIN nicht öffnen" in part.get_content()
            other.wait(lambda one: bool(one.network.sent))
            assert closed.sim.tries == 2, "the PIN was tried once"
            with box.watching("alarm") as events:
                box.control("config.set", kind="gsm_module", id="closed", fields={"pin": "9999"})
                over = events.wait("alarm", timeout=40, id="module.pin", over=True)
                assert over["subject"] == "closed"
