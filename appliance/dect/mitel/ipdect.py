"""``ipdect.cfg``: what an OMM reads at its start, in the words of its AXI. Pure.

Facts: the file is a list of AXI requests, one a line; the OMM carries them out one after another. Secrets of
users are not in it: they need the OMM's key and come over AXI.
"""

from appliance.dect.mitel.axi import Element, element, written
from appliance.dect.mitel.settings import clock
from appliance.model.dect_air import DectSetup

_TONES = {"DE": "DE", "AT": "AT", "CH": "CH", "FR": "FR", "GB": "UK", "NL": "NL", "US": "US"}


def ipdect_cfg(setup: DectSetup) -> str:
    """The whole file; raises nothing."""
    net = setup.net
    lines: list[Element] = []
    if net.licence:
        lines.append(element("SetEULAConfirm", confirm=True))
    lines += [
        element("SetDECTRegDomain", regDomain="FCC_CI" if setup.country in ("US", "CA") else "EMEA"),
        element("SetDECTAuthCode", ac=net.pin),
        element("SetSysToneScheme", toneScheme=_TONES.get(setup.country, "DE")),
        element(
            "SetBasicSIP",
            proxyServer=setup.registrar,
            proxyPort=setup.registrar_port,
            regServer=setup.registrar,
            regPort=setup.registrar_port,
            regPeriod=300,
        ),
        clock(setup),
    ]
    for base in net.bases:
        mac = ":".join(base.mac[place : place + 2] for place in range(0, 12, 2)).lower()
        place = base.location[:16]
        rfp = element(
            "rfp", ethAddr=mac, name=base.name[:20] or mac, hierarchy1=place, dectOn=True, cluster=1
        )
        lines.append(element("CreateRFP", rfp))
    return "".join(f"{written(one)}\n" for one in lines)
