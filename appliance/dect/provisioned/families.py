"""What is different about the makers of provisioned bases: files, models, sizes, how a handset gets in."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from appliance.dect.provisioned import gigaset, grandstream, snom, yealink
from appliance.dect.provisioned.plan import FilePlan
from appliance.model.dect import DectBase, DectFamily
from appliance.provisioning.facts import RenderedFile

Render = Callable[[FilePlan, DectBase, str], RenderedFile | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """One maker."""

    render: Render
    first_file: str
    """With ``{mac}`` (small) or ``{MAC}``."""
    models: re.Pattern[str]
    """In the User-Agent of bases that we know; the model is the first group."""
    handsets: int
    """In one system."""
    bases: int
    opens_by_file: bool
    """The file opens the window; else somebody must press the key on the base."""
    forgets_by_file: bool
    check_sync: str = "check-sync;reboot=false"
    restart: str = "check-sync;reboot=true"
    by_hand: str = ""
    """What a person does at the base to let a handset in."""


FAMILIES: Mapping[DectFamily, Family] = {
    DectFamily.GIGASET: Family(
        render=gigaset.render,
        first_file="{mac}.xml",
        models=re.compile(r"\b(N6[17]0|N770|N870)\b", re.IGNORECASE),
        handsets=250,
        bases=60,
        opens_by_file=True,
        forgets_by_file=True,
    ),
    DectFamily.YEALINK: Family(
        render=yealink.render,
        first_file="{mac}.cfg",
        models=re.compile(r"\b(W[5-9][0-9](?:B|DM|P)?)\b", re.IGNORECASE),
        handsets=100,
        bases=30,
        opens_by_file=False,
        forgets_by_file=False,
        by_hand="press the key of the base for three seconds",
    ),
    DectFamily.SNOM: Family(
        render=snom.render,
        first_file="snomM700-{MAC}.htm",
        models=re.compile(r"snom\s?(M[3-9]00)\b", re.IGNORECASE),
        handsets=200,
        bases=40,
        opens_by_file=True,
        forgets_by_file=True,
    ),
    DectFamily.GRANDSTREAM: Family(
        render=grandstream.render,
        first_file="cfg{mac}.xml",
        models=re.compile(r"\b(DP7[56][0-9])\b", re.IGNORECASE),
        handsets=50,
        bases=10,
        opens_by_file=False,
        forgets_by_file=False,
        by_hand="press the page key of the base for seven seconds",
    ),
}


def mac_in(user_agent: str) -> str:
    """The MAC that a base tells of itself; empty: it does not."""
    found = re.search(
        r"(?<![0-9A-Fa-f])([0-9A-Fa-f]{2}(?:[:-]?[0-9A-Fa-f]{2}){5})(?![0-9A-Fa-f])", user_agent
    )
    return re.sub("[:-]", "", found[1]).upper() if found else ""


def version_in(user_agent: str) -> str:
    """The firmware that a base tells of itself."""
    found = re.search(r"(?:[/ ])v?([0-9]+(?:\.[0-9A-Za-z]+){2,5})", user_agent)
    return found[1] if found else ""
