"""The letter that tells an administrator of an alarm. Pure."""

from appliance.model.alarms import Alarm
from appliance.model.documents import Site
from appliance.model.languages import Language
from appliance.notify.messages import Letter, clean, compose, moment, word


def alarm_letter(alarm: Alarm, site: Site, language: Language) -> Letter:
    """What is wrong, or right again."""
    said = clean(alarm.said(language), 300)
    key = "alarm.over" if alarm.over else f"alarm.{alarm.severity.value}"
    return compose(
        subject=word(key, language, site=clean(site.name), said=clean(said, 150)),
        greeting=word("hello_nobody", language),
        body=said,
        rows=[(word("time", language), moment(alarm.at, site, language))],
        site=site,
        language=language,
        line=said,
    )
