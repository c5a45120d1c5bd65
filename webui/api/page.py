"""The page docs/api.md, made of the same tables: ``python -m webui.api.page > docs/api.md``."""

import sys
from collections.abc import Iterator

from appliance.model.accounts import Action, Resource, Role
from appliance.model.documents import KINDS
from webui.api.kinds import rule_of
from webui.api.openapi import OWN_ROUTES, PREFIX
from webui.api.rows import ROWS
from webui.events import TOPICS
from webui.permissions import of_role

_HEAD = f"""# API

Everything the box knows and does, over HTTPS under `{PREFIX}`. The pages use the same. The whole
description is served at `{PREFIX}/openapi.json` (OpenAPI 3.1); this page is made of the same tables and
checked by a test.

## Getting in

A program sends `Authorization: Bearer ort_…`. A person makes a token with `POST {PREFIX}/tokens`
(`{{"name": "CRM", "scopes": ["records:read", "calls:*"]}}`); it is shown once and never may more than the
person. Scopes are `resource:action`, either may be `*`. A browser logs in with `POST {PREFIX}/session`
(`account`, `password`, `code` of the second factor), gets a cookie, and sends the `csrf` of the answer as
`X-CSRF-Token` with everything that changes something. The first administrator is `admin`; its password is
in `web/first-password` of the state folder until it is changed. `ortsamt web reset-password [ACCOUNT]`
makes a new one on the box.

    curl -k -H "Authorization: Bearer $TOKEN" https://box{PREFIX}/records?limit=10
    curl -k -H "Authorization: Bearer $TOKEN" -H "Content-Type: application/json" \\
         -d '{{"dialled": "0301234567"}}' https://box{PREFIX}/calls

## Errors

`{{"error": {{"id", "message", "field", "hint", "problems": [{{"where", "field", "message",
"remedy"}}]}}}}`. The id is stable. 401 nobody is logged in, 403 not allowed, 404 not there (or not yours),
409 exists already, 413 too large, 415 not JSON, 422 the content is refused, 429 too often, 501 this version
cannot, 503 the core is not there now (`Retry-After` says when to try again).

## Rights

R read, C change, M create and delete; of o: own extensions, t: also those of the own groups, a: anybody.
Agent and supervisor have the rights of user and team until there are queues. Permission groups grant more
to accounts.
"""
_ONCE = f"""
## One-time links

`POST {PREFIX}/softphones/{{device}}/link` (`app`, `minutes`, `host`, `renew`) answers with `url`,
`link` (what the app scans), its `qr` code (SVG) and when it `expires`. `GET /once/{{uuid}}`,
without logging in, hands the document out once. A password is told once; `renew` makes a new one.
For somebody else's device the right `secrets:read` is needed. The store is `webui/links.py`
(`OneTimeLinks.make(purpose, subject, who, seconds, detail)`, `look`, `take`, `revoke`), for every
purpose where what cannot log in has to be told something once.
"""
_EVENTS = f"""
## Events

`GET {PREFIX}/events?topics=call,leg` is a stream of server-sent events, each with its topic and JSON;
without topics all that the account may see. It begins with `core`; a comment comes every 5 s; `lost` says
how many events a slow reader has missed. After `core` with `up: true`, ask for the state again: what
happened meanwhile was not seen.
"""
_VERSIONS = """
A document comes with an `ETag`; `PATCH` and `DELETE` with `If-Match` change it only if nobody else did
meanwhile, else 412 `config.version` says who changed which field. The operation log
(`GET /configuration/log`, pages by `before`) has the old and the new value of each field;
`POST /configuration/undo` takes one operation back by a new one, or says with 409 `config.overtaken` which
later one stands in the way; `dry_run` only says so.
"""
_ACME = """
Certificates by ACME come from any client (certbot, lego, dehydrated): its deploy hook is `ortsamt web
install-certificate` (or `PUT /certificate` with a token, from another machine), its web root the folder
`web/acme` of the state folder, which is served on port 80. Taken into use at once, by pages and edge.
"""
_CTI = f"""
## Call control

`POST {PREFIX}/calls` dials: a number or a `tel:` link (`auto_answer` has the own telephone answer by
itself). `GET {PREFIX}/calls/parties` shows calls as each extension sees them, the topic `party` what
changes: `state` (ringing, calling, talking, held, ended), `number` and `name` of the other party. `POST
{PREFIX}/calls/{{call}}` with `act`: `answer` (the telephone is called anew and answers by itself),
`reject`, `hold`, `resume`, `transfer` (`to`), `join` (after asking: `other` or the extension's other call),
`digits` (`to`), `hangup`. 409 `call.state` says why something cannot be done now. A page registers
`/dial?number=%s` with `registerProtocolHandler("tel", …)` and hands the number on as it is.
"""
_HOOKS = f"""
## Webhooks

`PUT {PREFIX}/webhooks/crm` with `{{"url": "https://…", "topics": ["call"]}}` has events posted as
`{{"topic", "at", "payload"}}`, in order, one at a time, kept on disk until an answer 2xx comes: again after
2 s, 10 s, … 8 h, given up after about a day. `X-Ortsamt-Delivery` is the same for each attempt of one
event; `X-Ortsamt-Signature` is `sha256=` and the HMAC-SHA-256 of the body with the secret that the first
answer told. Redirects are not followed; addresses of the box itself are refused.
"""
_ROLES = (Role.USER, Role.TEAM, Role.OPERATOR, Role.ADMINISTRATOR, Role.EXTENDED_ADMINISTRATOR)


def _rights() -> Iterator[str]:
    yield "| resource | " + " | ".join(role.value.replace("_", " ") for role in _ROLES) + " |"
    yield "|---" * (len(_ROLES) + 1) + "|"
    for resource in Resource:
        cells = []
        for role in _ROLES:
            scopes = of_role(role)
            cells.append(
                " ".join(
                    f"{'M' if action is Action.MANAGE else action.value[0].upper()}{scope.value[0]}"
                    for action in Action
                    if (scope := scopes.get((resource, action))) is not None
                )
            )
        yield f"| {resource.value} | " + " | ".join(cells) + " |"


def page() -> str:
    """The whole page."""
    lines = [*_HEAD.splitlines(), "", *_rights(), "", "## Methods", ""]
    lines += ["| | | right | |", "|---|---|---|---|"]
    for own in OWN_ROUTES:
        right = "" if own.right is None else ":".join(own.right)
        lines.append(f"| {own.verb} | `{own.path}` | {right} | {own.summary} |")
    for row in ROWS:
        lines.append(f"| {row.verb} | `{row.path}` | {':'.join(row.right)} | {row.summary} |")
    lines += ["", "## Documents", ""]
    lines += [
        "`GET` and `POST /config/{kind}`; `GET`, `PATCH`, `DELETE /config/{kind}/{id}`. `PATCH` changes",
        "the fields that are given; `unset` names fields to put back to their defaults. `was` may hold",
        "fields as they were read: when one is another by now, nothing is changed (409 `config.changed`).",
        "Secrets are masked; who may, sees them with `?reveal=true`.",
        "",
        "| kind | resource | of its owner, the owner may change |",
        "|---|---|---|",
    ]
    for kind in KINDS:
        rule = rule_of(kind)
        if rule.owners is None and kind != "account":
            fields = ""
        else:
            fields = ", ".join(sorted(rule.own_fields)) if rule.own_fields is not None else "everything"
        lines.append(f"| `{kind}` | {rule.resource.value} | {fields} |")
    lines += [*_VERSIONS.splitlines(), *_ACME.splitlines(), *_ONCE.splitlines()]
    lines += [*_EVENTS.splitlines(), "", "| topic | needs to read |", "|---|---|"]
    lines += [f"| `{topic}` | {'' if one is None else one.value} |" for topic, one in TOPICS.items()]
    lines += [*_CTI.splitlines(), *_HOOKS.splitlines()]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(page())
