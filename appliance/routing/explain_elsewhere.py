"""The reasons of calls between instances as sentences, in every language."""

from appliance.model.documents import Language

DE, EN = Language.GERMAN, Language.ENGLISH

REASONS: dict[str, dict[Language, str]] = {
    "extension.elsewhere": {
        DE: "{who} hat auch bei {node} angemeldete Telefone; sie klingeln mit.",
        EN: "{who} has telephones at {node}, too; they ring as well.",
    },
    "trunk.elsewhere": {
        DE: "Die Leitung {trunk} gehört zu {node} und ist über die Verbindung dorthin erreichbar.",
        EN: "Trunk {trunk} is at {node} and can be used over the link to it.",
    },
    "emergency.elsewhere": {
        DE: "Der Notruf kann auch bei {node} hinaus.",
        EN: "The emergency call can leave at {node}, too.",
    },
    "conference.elsewhere": {
        DE: "Der Konferenzraum {number} ist bei {node}.",
        EN: "Conference room {number} is at {node}.",
    },
    "handed.from": {
        DE: "Der Anruf kommt von {node}, unserer anderen Anlage ({task}).",
        EN: "The call comes from {node}, our other instance ({task}).",
    },
    "handed.passed_on": {
        DE: "Gemeint ist {node}: Der Anruf wird dorthin weitergereicht.",
        EN: "It is meant for {node} and passed on to it.",
    },
    "handed.round": {
        DE: "Der Anruf war schon bei {node}: Er wird nicht im Kreis gereicht.",
        EN: "The call was at {node} before: it does not go round.",
    },
    "handed.nobody": {
        DE: "{node} ist von hier nicht zu erreichen.",
        EN: "{node} cannot be reached from here.",
    },
    "handed.unknown": {
        DE: "Was gemeint ist, gibt es hier nicht ({to}).",
        EN: "What is meant does not exist here ({to}).",
    },
    "number.handed": {
        DE: "Die Nummer {number} ist bei {node} zu Hause: Der Anruf geht dorthin.",
        EN: "Number {number} lives at {node}: the call goes there.",
    },
    "number.cut_off": {
        DE: "{node}, wo die Nummer {number} zu Hause ist, ist abgeschnitten.",
        EN: "{node}, where number {number} lives, is cut off.",
    },
    "number.if_cut_off": {
        DE: "Für den Fall, dass {node} doch nicht antwortet:",
        EN: "In case {node} does not answer after all:",
    },
    "number.backup": {
        DE: "Dann gilt die Ersatzverteilung der Nummer {number}.",
        EN: "Then the backup routing of number {number} holds.",
    },
    "number.not_taken": {
        DE: "{node} hat den Anruf nicht angenommen ({cause}): Er wird von hier aus bedient.",
        EN: "{node} did not take the call ({cause}): it is served from here.",
    },
}
