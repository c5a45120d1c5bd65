"""What a router can tell phones by DHCP, so that they find the box."""

from dataclasses import dataclass

from appliance.provisioning.catalogue import vendors


@dataclass(frozen=True, slots=True, kw_only=True)
class Hint:
    """One option. ``encoded`` is its text in hex, where the option has parts (RFC 2132 §8.4)."""

    vendor: str
    option: int
    value: str
    encoded: str
    why: str


def hints(url: str) -> tuple[Hint, ...]:
    """For phones that shall fetch below ``url``, which ends with a slash."""
    host = url.split("://", 1)[1].rstrip("/").removesuffix("/prov")
    found = []
    for name, vendor in vendors().items():
        for one in vendor.dhcp:
            value = one.text.replace("{url}", url).replace("{host}", host)
            encoded = ""
            if one.option == 43:
                data = value.encode()
                encoded = f"01{len(data):02x}{data.hex()}" if len(data) < 256 else ""
            found.append(Hint(vendor=name, option=one.option, value=value, encoded=encoded, why=one.why))
    return tuple(found)
