"""What an OMM has, asked for by pages."""

import contextlib
from dataclasses import replace
from datetime import datetime, timedelta

from appliance.dect.mitel.axi import Element, element
from appliance.dect.mitel.inventory import Away, Inventory
from appliance.dect.mitel.link import AxiLink, AxiRefused

_PAGE = 20


def read_inventory(link: AxiLink, before: Inventory, now: datetime) -> Inventory:
    """Everything anew. Where handsets are is what the OMM tells of their last actions, else as ``before``."""
    fresh = Inventory()
    for record in pages(link, "GetRFP", "rfp", "id", 0, withState=True, withDetails=True):
        fresh.rfp(record, now)
    for number in sorted(fresh.rfps):
        with contextlib.suppress(AxiRefused):
            fresh.heard(link.ask(element("GetRFPSync", id=number)))
    for record in pages(link, "GetPPDev", "pp", "ppn", 1):
        fresh.pp(record)
    for record in pages(link, "GetPPUser", "user", "uid", 1):
        fresh.user(record)
    for pp in list(fresh.pps.values()):
        known = before.pps.get(pp.ppn)
        if known is None or known.ipei != pp.ipei:
            continue
        base = fresh.rfps.get(known.rfp) if known.rfp is not None else None
        away = known.away
        if away in (Away.NO, Away.BASE_LOST):
            away = Away.BASE_LOST if base is not None and not base.on_air else Away.NO
        fresh.pps[pp.ppn] = replace(
            pp,
            rfp=known.rfp,
            rssi=known.rssi,
            away=away,
            seen=known.seen,
            missed=known.missed,
            firmware=known.firmware,
        )
    with contextlib.suppress(AxiRefused):  # not every firmware can tell
        for record in pages(link, "GetActivePPDev", "pp", "ppn", 1, asked="id"):
            fresh.acted(record, now - timedelta(seconds=max(0, record.number("relTime"))))
    return fresh


def park_of(link: AxiLink) -> str:
    """What the system calls itself on the air; empty: it does not say."""
    try:
        return link.ask(element("GetSARI")).text("sari")
    except AxiRefused:
        return ""


def pages(
    link: AxiLink, name: str, record: str, key: str, first: int, *, asked: str = "", **more: bool
) -> list[Element]:
    """All records, by pages of twenty; ``asked``: what the request calls the key, if something else."""
    found: list[Element] = []
    while True:
        try:
            answer = link.ask(element(name, **{asked or key: first, "maxRecords": _PAGE}, **more))
        except AxiRefused as error:
            if error.code == "ENoEnt":
                return found
            raise
        page = list(answer.all(record))
        found += page
        last = max((one.number(key, -1) for one in page), default=-1)
        if len(page) < _PAGE or last < first:
            return found
        first = last + 1
