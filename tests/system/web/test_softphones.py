"""Softphones by one-time links: told once, to the owner, by the app that takes the link."""

from xml.etree import ElementTree as ET

from tests.support.web import Client, Web

SPACE = "{http://www.linphone.org/xsds/lpconfig.xsd}"


def entries(body: bytes) -> dict[str, str]:
    return {one.get("name", ""): one.text or "" for one in ET.fromstring(body).iter(f"{SPACE}entry")}


def test_a_softphone_gets_its_account_once(web: Web, admin: Client) -> None:
    user = web.account(admin, "owner", "user", ["21"])
    made = user.good("POST", "/softphones/21/link", {"minutes": 5})
    assert made["link"] == f"linphone-config:{made['url']}"
    assert "<svg" in made["qr"]
    assert "secret-of-21" not in str(made)
    app = web.client()
    path = "/" + made["url"].partition(f":{web.port}")[2]
    assert app.ask("HEAD", path).status == 200
    first = app.ask("GET", path)
    assert (first.status, first.headers["Cache-Control"]) == (200, "no-store")
    assert entries(first.body)["passwd"] == "secret-of-21"
    assert app.ask("GET", path).status == 404
    assert app.ask("GET", "//once/nothing").status == 404
    again = user.ask("POST", "/softphones/21/link", {})
    assert (again.status, again.error) == (409, "web.told")
    renewed = user.good("POST", "/softphones/21/link", {"renew": True, "host": "pbx.example.org:8443"})
    assert renewed["url"].startswith("https://pbx.example.org:8443/once/")
    taken = entries(app.ask("GET", "/" + renewed["url"].partition(":8443")[2]).body)
    assert taken["domain"] == "pbx.example.org"
    assert taken["passwd"] not in ("secret-of-21", "")
    with web.box.phone("21", secret=taken["passwd"]) as phone:
        phone.register()
    user.good("POST", "/softphones/21/link", {"renew": True})
    assert user.good("DELETE", "/softphones/21/link") == {"revoked": 1}
    assert web.box.control("config.log", kind="device", id="21")[-1]["who"] == "web:owner"


def test_nobody_gets_the_password_of_others(web: Web, admin: Client) -> None:
    office = web.account(admin, "office", "administrator", ["22"])
    other = web.account(admin, "other", "user", ["23"])
    assert other.ask("GET", "/softphones/22").status == 404
    assert other.ask("POST", "/softphones/22/link", {}).status == 404
    assert office.good("GET", "/softphones/23")["secret"] == "********"
    assert office.ask("GET", "/softphones/23?reveal=true").status == 403
    assert office.ask("POST", "/softphones/23/link", {}).status == 403
    assert admin.good("GET", "/softphones/23?reveal=true")["secret"] == "secret-of-23"
    said = admin.good("POST", "/softphones/23/link", {"app": "acrobits", "cloud_id": "ACME"})
    assert said["link"] == "csc:23:secret-of-23@ACME"
    for body in ({"app": "other"}, {"minutes": 0}, {"host": "a b"}, {"host": 'x"@y'}, {"nothing": 1}):
        assert admin.ask("POST", "/softphones/23/link", body).status == 422, body
