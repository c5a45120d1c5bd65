"""A small architects' office with everything in it: for pictures of the pages, and for looking at them."""

from typing import Any

from tests.support.box import PUBLIC, Documents, office, ring

PEOPLE = {
    "20": "Empfang", "21": "Anna Berger", "22": "Ben Castell", "23": "Clara Dietz", "24": "David Engel",
    "25": "Emine Faruk", "26": "Felix Groß", "27": "Greta Hansen", "28": "Henrik Ivers", "30": "Werkstatt",
    "31": "Ines Jansen", "32": "Jonas Krüger", "40": "Besprechung", "50": "Tür Eingang",
}  # fmt: skip
WORK = ["mon", "tue", "wed", "thu", "fri"]


def _target(kind: str, ref: str) -> dict[str, str]:
    return {"kind": kind, "ref": ref}


def showcase() -> Documents:
    """The documents."""
    made: dict[str, Any] = dict(office(*PEOPLE))
    for number, name in PEOPLE.items():
        made["extension"][number]["name"] = name
        made["device"][number]["name"] = f"Tischtelefon {name}"
    made["extension"]["21"] |= {"voicemail": True, "status": "online", "status_text": "bis 16 Uhr"}
    made["extension"]["24"] |= {"status": "away"}
    made["extension"]["27"] |= {"status": "dnd"}
    made["extension"]["40"] |= {"class_of_service": "house"}
    made["extension"]["50"] |= {"class_of_service": "house"}
    made["site"]["main"] |= {"name": "Berger & Castell Architekten", "region": "NW"}
    made["device"]["21-app"] = {
        "extension": "21", "username": "21-app", "secret": "app-secret-21", "name": "App Anna",
    }  # fmt: skip
    made["phone_template"] = {
        "office": {
            "name": "Büro",
            "keys": [{"place": 1, "kind": "line"}, {"place": 2, "kind": "blf", "number": "20"}],
        }
    }
    made["phone"] = {
        "000413a1b2c3": {
            "mac": "000413a1b2c3", "vendor": "snom", "model": "D785", "name": "Schreibtisch",
            "devices": ["21"],
            "template": "office",
            "keys": [
                {"place": 3, "kind": "blf", "number": "22"}, {"place": 4, "kind": "blf", "number": "23"},
                {"place": 5, "kind": "speed_dial", "number": "02219990", "label": "Statiker"},
                {"place": 6, "kind": "forward"},
            ],
        }
    }  # fmt: skip
    made["class_of_service"] = {
        "house": {
            "name": "Nur intern", "otherwise": "bar",
            "rules": [{"destinations": ["internal", "short"], "permission": "allow", "name": "Im Haus"}],
        },
        "office": {
            "name": "Büro",
            "rules": [{"destinations": ["premium"], "permission": "bar", "name": "Keine Mehrwertdienste"},
                      {"destinations": ["international"], "permission": "pin", "name": "Ausland mit PIN"}],
            "pin": "4711",
        },
    }  # fmt: skip
    made["trunk"] = {
        "provider": {
            "name": "Hauptanschluss", "host": "127.0.0.1", "port": 9, "username": "4922155501",
            "secret": "provider-secret", "max_calls": 8, "default_number": PUBLIC,
        },
        "reserve": {"name": "Reserve", "host": "127.0.0.1", "port": 9, "username": "reserve",
                    "secret": "other-secret", "priority": 20, "enabled": False},
    }  # fmt: skip
    made["block"] = {"main": {"first": PUBLIC, "size": 100, "trunk": "provider", "name": "Rufnummernblock"}}
    made["switch"] = {"night": {"name": "Nachtdienst", "number": "*8801"},
                      "holiday": {"name": "Betriebsferien", "number": "*8802"}}  # fmt: skip
    made["rotation"] = {
        "duty": {
            "name": "Bauleitung Bereitschaft", "first": "2026-01-05",
            "members": [_target("extension", "26"), _target("extension", "32"),
                        _target("external", "+491761112233")],
        }
    }  # fmt: skip
    made["voicemail_box"] = {
        "21": {"owners": ["21"], "emails": ["anna@berger-castell.example"]},
        "office": {"name": "Büro", "owners": ["20", "21", "22"], "number": "901"},
    }
    made["number"] = {
        "head": {
            "number": PUBLIC, "name": "Zentrale", "voicemail": "office",
            "steps": [ring("20", "25", seconds=20), ring("21", "22", "23", seconds=25)],
            "scenarios": [
                {"name": "Betriebsferien", "when": [{"switch": "holiday"}], "voicemail": "office"},
                {"name": "Feiertage", "when": [{"holidays": "only"}],
                 "steps": [{"targets": [_target("rotation", "duty")], "seconds": 40}]},
                {"name": "Mittag",
                 "when": [{"weekdays": WORK, "start": "12:00", "end": "13:00", "holidays": "never"}],
                 "steps": [ring("24", "27", seconds=30)], "voicemail": "office"},
                {"name": "Abends",
                 "when": [{"weekdays": WORK[:4], "start": "18:00", "end": "08:00"},
                          {"weekdays": ["fri"], "start": "15:00", "end": "24:00"}],
                 "steps": [{"targets": [_target("voicemail_box", "office")], "seconds": 20}]},
                {"name": "Wochenende", "when": [{"weekdays": ["sat", "sun"]}],
                 "steps": [{"targets": [_target("rotation", "duty")], "seconds": 40}]},
            ],
        },
        "anna": {"number": "+492215550121", "name": "Anna Berger", "steps": [ring("21", seconds=25)],
                 "voicemail": "21"},
        "ben": {"number": "+492215550122", "name": "Ben Castell", "steps": [ring("22", seconds=25)]},
        "site": {
            "number": "+492215550130", "name": "Werkstatt",
            "steps": [ring("30", seconds=15), ring("31", "32", seconds=30)],
            "scenarios": [{"name": "Geschlossen",
                           "when": [{"weekdays": ["sat", "sun"]},
                                    {"weekdays": WORK, "start": "16:30", "end": "07:00"}],
                           "steps": [ring("+491761112233", seconds=30)]}],
        },
        "fax": {"number": "+492215550199", "name": "Fax",
                "steps": [{"targets": [_target("fax_box", "main")], "seconds": 20}]},
    }  # fmt: skip
    made["fax_box"] = {
        "main": {"name": "Büro", "number": "990", "recipients": ["post@berger-castell.example"]}
    }
    made["menu"] = {
        "welcome": {
            "name": "Begrüßung", "number": "800",
            "options": [
                {"key": "1", "action": "connect", "to": _target("extension", "20"), "name": "Empfang"},
                {"key": "2", "action": "connect", "to": _target("extension", "30"), "name": "Werkstatt"},
                {"key": "9", "action": "voicemail", "to": _target("voicemail_box", "office")},
            ],
        }
    }  # fmt: skip
    made["conference_room"] = {"plan": {"name": "Planungsrunde", "number": "700", "pin": "2468"}}
    made["pickup_group"] = {"office": {"name": "Büro", "members": ["20", "21", "22", "23"]}}
    made["paging_group"] = {"house": {"name": "Ganzes Haus", "number": "600", "members": ["20", "30", "40"]}}
    made["speed_dial"] = {"taxi": {"name": "Taxi", "number": "771", "dial": "0221193111"}}
    made["permission_group"] = {
        "faxers": {"name": "Faxversand", "grants": [{"resource": "fax", "action": "read", "scope": "any"}]}
    }
    made["account"] = {
        "anna": {"name": "Anna Berger", "role": "user", "extensions": ["21"]},
        "empfang": {"name": "Empfang", "role": "operator", "extensions": ["20"]},
    }
    made["limit"] = {"day": {"name": "Je Nebenstelle", "minutes_per_day": 240, "cost_per_day": 2000}}
    return made
