"""The letter that tells what happened while the office was cut off. Pure."""

from appliance.model.documents import Site
from appliance.model.languages import Language
from appliance.model.outages import Outage
from appliance.notify.messages import Letter, clean, compose, moment, word

MAX_LINES = 30
KINDS = ("call", "voicemail", "fax", "recording", "sms", "note", "contact")
"""Records that people know; greetings and the like are not counted for them."""


def outage_letter(outage: Outage, site: Site, language: Language) -> Letter:
    """All on one page; an outage that is over."""

    def w(key: str, **values: object) -> str:
        return word(f"outage.{key}", language, **values)

    what = w("both" if outage.internet and outage.exchange else "internet" if outage.internet else "exchange")
    rows = [
        (w("began"), moment(outage.began, site, language)),
        (w("ended"), moment(outage.ended or outage.began, site, language)),
        (w("why"), clean(outage.why, 150) or what),
    ]
    rows += [
        (w("outside"), w("calls_outside", outside=outage.outside, failed=outage.failed)),
        (w("by_gsm"), w("calls_gsm", count=outage.by_gsm, cost=f"{outage.cost / 10_000:.2f}")),
        (w("missed"), str(outage.missed)),
    ]
    if outage.elsewhere:
        rows.append(
            (w("elsewhere"), w("calls_elsewhere", count=outage.elsewhere, missed=outage.elsewhere_missed))
        )
    rows += [
        (w("edits"), w("edits_both", here=outage.edits_here, elsewhere=outage.edits_elsewhere)),
        (w("conflicts"), str(outage.conflicts)),
    ]
    for name, counts in (("sent", outage.sent), ("taken", outage.taken)):
        told = [f"{counts[kind]} {w(f'kind.{kind}')}" for kind in KINDS if counts.get(kind)]
        if told:
            rows.append((w(name), ", ".join(told)))
    lines = [
        w(
            "edit",
            time=moment(one.at, site, language),
            who=clean(one.who, 60),
            node=clean(one.node, 40),
            what=clean(f"{one.kind} {one.id}", 80),
        )
        for one in outage.edits[:MAX_LINES]
    ]
    if len(outage.edits) > MAX_LINES:
        lines.append(w("more", count=len(outage.edits) - MAX_LINES))
    said = w("body", what=what, minutes=outage.minutes)
    return compose(
        subject=w("subject", site=clean(site.name), minutes=outage.minutes),
        greeting=word("hello_nobody", language),
        body=said,
        rows=rows,
        lines=lines,
        site=site,
        language=language,
        line=said,
    )
