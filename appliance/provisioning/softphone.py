"""Accounts for softphones on smartphones: the document an app loads, and what its QR code says.

Linphone scans the address (HTTPS) of a document in its own XML, or follows a ``linphone-config:`` link to it.
Acrobits' apps (Groundwire, Cloud Softphone) scan ``csc:user:password@CLOUDID`` and have the document fetched
by the provisioning behind that id. A bare ``sip:`` address would only make them dial.
"""

from dataclasses import dataclass, field
from urllib.parse import quote, urlsplit
from xml.sax.saxutils import escape

from appliance.errors import ConfigError

LPCONFIG = "http://www.linphone.org/xsds/lpconfig.xsd"


@dataclass(frozen=True, slots=True, kw_only=True)
class SoftphoneAccount:
    """What a softphone must know of its account."""

    username: str
    secret: str = field(repr=False)
    name: str
    host: str
    """As the smartphone reaches the box; IPv6 in brackets."""
    port: int
    transport: str
    """``tls`` or ``udp``."""
    realm: str


def linphone_document(account: SoftphoneAccount) -> str:
    """Linphone's settings (``lpconfig`` XML): one account, replacing what was there."""
    server = f"<sip:{account.host}:{account.port};transport={account.transport}>"
    display = account.name.replace("\\", "").replace('"', "")
    sections = {
        "auth_info_0": {
            "username": account.username,
            "passwd": account.secret,
            "realm": account.realm,
            "domain": account.host,
        },
        "proxy_0": {
            "reg_proxy": server,
            "reg_route": server,
            "reg_identity": f'"{display}" <sip:{account.username}@{account.host}>',
            "reg_expires": "300",
            "reg_sendregister": "1",
            "publish": "0",
        },
        "sip": {
            "default_proxy": "0",
            "media_encryption": "srtp" if account.transport == "tls" else "none",
        },
    }
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', f'<config xmlns="{LPCONFIG}">']
    for section, entries in sections.items():
        lines.append(f'  <section name="{section}">')
        lines += [
            f'    <entry name="{name}" overwrite="true">{escape(value)}</entry>'
            for name, value in entries.items()
        ]
        lines.append("  </section>")
    return "\n".join([*lines, "</config>", ""])


def acrobits_document(account: SoftphoneAccount) -> str:
    """The ``account`` XML of Acrobits' apps."""
    values = {
        "title": account.name,
        "username": account.username,
        "password": account.secret,
        "host": f"{account.host}:{account.port}",
        "transport": "tls+sip" if account.transport == "tls" else "udp",
    }
    lines = [f"  <{name}>{escape(value)}</{name}>" for name, value in values.items()]
    return "\n".join(['<?xml version="1.0" encoding="UTF-8"?>', "<account>", *lines, "</account>", ""])


def linphone_link(url: str) -> str:
    """What Linphone's QR code says; raises ConfigError for an address that would show the password to all."""
    parts = urlsplit(url)
    if parts.scheme != "https" or not parts.hostname or any(one.isspace() for one in url):
        raise ConfigError(
            f"'{url[:80]}' is not an address that an app may load its account from",
            field="url",
            hint="an https:// address where the document lies",
        )
    return f"linphone-config:{url}"


def acrobits_link(account: SoftphoneAccount, cloud_id: str) -> str:
    """What the QR code of Acrobits' apps says; raises ConfigError for an odd id."""
    if not cloud_id or not all(one.isalnum() or one in "._-*" for one in cloud_id):
        raise ConfigError(
            f"'{cloud_id[:40]}' is not a cloud id", field="cloud_id", hint="as the app's provider gave it"
        )
    return f"csc:{quote(account.username, safe='')}:{quote(account.secret, safe='')}@{cloud_id}"
