"""What the web process does by itself: passwords, second factors, tokens, logins, webhooks, certificate."""

import base64
import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass

import bottle
import segno

from appliance.errors import ConfigError
from appliance.model.accounts import Action, Resource, Role, Scope
from appliance.model.decode import decode
from webui.api.asked import Ask
from webui.api.offer import needs, typed_query
from webui.database import WebDatabase, Webhook
from webui.directory import Identity
from webui.errors import Refused, forbidden, missing
from webui.events import Sight
from webui.http import answer, body_json, query_values
from webui.login import TOKEN_PREFIX, code_at, fits, hash_password
from webui.permissions import is_token_scope, rank
from webui.tls import Certificate, ReloadableTls
from webui.webhooks import MAX_HOOKS, Webhooks, check_url

MAX_TOKENS = 50
_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingPassword:
    """``current``: the own present password; not needed for somebody else's."""

    password: str
    current: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingFactor:
    """A second factor is on once ``code`` proves that the app has the secret."""

    secret: str
    code: str
    current: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MakingToken:
    """``scopes``: ``records:read``, ``calls:*``, ``*:read`` or ``*``; ``days``: 0 for ever."""

    name: str
    scopes: tuple[str, ...]
    days: int = 0

    def __post_init__(self) -> None:
        if not 1 <= len(self.name) <= 80:
            raise ValueError("name: must have 1 to 80 characters")
        if not self.scopes or len(self.scopes) > 100:
            raise ValueError("scopes: is empty or too long: for example records:read")
        for scope in self.scopes:
            if not is_token_scope(scope):
                raise ValueError(f"scopes: '{scope[:40]}' is none: for example records:read")
        if not 0 <= self.days <= 3650:
            raise ValueError("days: out of range: 0 (for ever) to 3650")


@dataclass(frozen=True, slots=True, kw_only=True)
class PuttingWebhook:
    """Where events of these topics go; none: all that the account sees."""

    url: str
    topics: tuple[str, ...] = ()
    enabled: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Uploading:
    """PEM texts: the certificate with its chain, and its key without a password."""

    certificate: str
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Paging:
    """So many of the newest."""

    limit: int = 100

    def __post_init__(self) -> None:
        if not 1 <= self.limit <= 1000:
            raise ValueError("limit: out of range: 1 to 1000")


def _limit() -> int:
    given = typed_query(Paging, query_values(bottle.request))
    return decode(Paging, given, where="query").limit


class Personal:
    """Handlers; each gets who asks."""

    def __init__(
        self,
        *,
        ask: Ask,
        database: WebDatabase,
        hooks: Webhooks,
        certificate: Certificate,
        tls: ReloadableTls,
        changed: Callable[[], None],
        edge: Callable[[], None],
    ) -> None:
        """``edge``: has the edge take the certificate into use."""
        self._ask = ask
        self._database = database
        self._hooks = hooks
        self._certificate = certificate
        self._tls = tls
        self._changed = changed
        self._edge = edge

    # -- accounts --------------------------------------------------------------------------------

    def set_password(self, identity: Identity, account: str) -> bottle.HTTPResponse:
        """Set a password; everybody else who is logged in to the account is logged out."""
        asked = decode(SettingPassword, body_json(bottle.request), where="password")
        self._of_account(identity, account, asked.current)
        fields = {"password": hash_password(asked.password)}
        self._put(identity, account, fields)
        self._database.end_sessions(account, identity.session if account == identity.account.id else "")
        return answer({"changed": account})

    def offer_factor(self, identity: Identity, account: str) -> bottle.HTTPResponse:
        """A new secret for the app, not yet in use."""
        self._of_account(identity, account, None)
        secret = base64.b32encode(secrets.token_bytes(20)).decode()
        label = bottle.urlquote(account)
        uri = f"otpauth://totp/Ortsamt:{label}?secret={secret}&issuer=Ortsamt"
        picture = segno.make(uri, micro=False).svg_data_uri(scale=4, border=2, light="#fff")
        return answer({"secret": secret, "uri": uri, "qr": picture})

    def set_factor(self, identity: Identity, account: str) -> bottle.HTTPResponse:
        """Turn the second factor on."""
        asked = decode(SettingFactor, body_json(bottle.request), where="second factor")
        self._of_account(identity, account, asked.current)
        if not re.fullmatch("[A-Z2-7]{16,64}", asked.secret):
            raise ConfigError("the secret is not base32", field="secret", hint="ask for one first")
        now = int(time.time()) // 30
        if asked.code.strip() not in {code_at(asked.secret, now + one) for one in (-1, 0, 1)}:
            raise ConfigError("the code is wrong", field="code", hint="is the clock of the phone right?")
        self._put(identity, account, {"totp": asked.secret})
        return answer({"changed": account})

    def drop_factor(self, identity: Identity, account: str) -> bottle.HTTPResponse:
        """Turn it off: by an administrator, or by oneself with the password."""
        given = body_json(bottle.request).get("current", "")
        self._of_account(identity, account, given if isinstance(given, str) else "")
        self._put(identity, account, {"totp": ""})
        return answer({"changed": account})

    def _of_account(self, identity: Identity, account: str, current: str | None) -> None:
        """May the account be changed by this one? ``current`` None: no proof is needed."""
        scope = needs(identity, Resource.ACCOUNTS, Action.CHANGE)
        found = identity.directory.accounts.get(account)
        if found is None or (scope is not Scope.ANY and account != identity.account.id):
            raise missing(f"account {account}")
        if account == identity.account.id:
            if current is not None and not fits(current, found.password):
                raise Refused(403, "web.wrong_password", "the present password is wrong", field="current")
        elif rank(found.role) > rank(identity.account.role):
            raise forbidden("change accounts of a higher role")
        elif identity.account.role is not Role.EXTENDED_ADMINISTRATOR:
            grants = [g for group in found.groups if group in identity.directory.groups
                      for g in identity.directory.groups[group].grants]  # fmt: skip
            if not all(identity.rights.covers(one) for one in grants):
                raise forbidden("change accounts that may more than you")

    def _put(self, identity: Identity, account: str, fields: dict[str, str]) -> None:
        self._ask(
            "config.set",
            {"kind": "account", "id": account, "fields": fields, "create": False, "who": identity.who},
        )
        self._changed()

    # -- tokens ----------------------------------------------------------------------------------

    def tokens(self, identity: Identity) -> bottle.HTTPResponse:
        """Tokens, without what lets in."""
        scope = needs(identity, Resource.TOKENS, Action.READ)
        mine = identity.account.id
        return answer([one for one in self._database.tokens() if scope is Scope.ANY or one.account == mine])

    def add_token(self, identity: Identity) -> bottle.HTTPResponse:
        """A token for oneself; it is shown this once."""
        needs(identity, Resource.TOKENS, Action.MANAGE)
        asked = decode(MakingToken, body_json(bottle.request), where="token")
        if not identity.session:
            raise forbidden("make a token with a token")
        if sum(one.account == identity.account.id for one in self._database.tokens()) >= MAX_TOKENS:
            raise Refused(409, "web.tokens", "there are too many tokens", hint="delete some first")
        secret = TOKEN_PREFIX + secrets.token_urlsafe(32)
        now = time.time()
        made = self._database.add_token(
            secret,
            identity.account.id,
            asked.name,
            asked.scopes,
            now,
            now + asked.days * 86_400 if asked.days else None,
        )
        return answer({"token": secret, "id": made.id, "name": made.name, "scopes": made.scopes}, 201)

    def delete_token(self, identity: Identity, token: str) -> bottle.HTTPResponse:
        """Take a token back."""
        scope = needs(identity, Resource.TOKENS, Action.MANAGE)
        for one in self._database.tokens():
            if one.id == token and (scope is Scope.ANY or one.account == identity.account.id):
                self._database.delete_token(token)
                return answer({"deleted": token})
        raise missing(f"token {token}")

    def logins(self, identity: Identity) -> bottle.HTTPResponse:
        """Who logged in or tried to, the newest first."""
        scope = needs(identity, Resource.LOGINS, Action.READ)
        return answer(self._database.logins(None if scope is Scope.ANY else identity.account.id, _limit()))

    # -- webhooks --------------------------------------------------------------------------------

    def webhooks(self, identity: Identity) -> bottle.HTTPResponse:
        """All, without their secrets."""
        needs(identity, Resource.WEBHOOKS, Action.READ)
        return answer([_shown(one) for one in self._database.webhooks()])

    def put_webhook(self, identity: Identity, webhook: str) -> bottle.HTTPResponse:
        """Make or change one; a new one's secret is shown this once."""
        needs(identity, Resource.WEBHOOKS, Action.MANAGE)
        asked = decode(PuttingWebhook, body_json(bottle.request), where="webhook")
        if not _ID.match(webhook):
            raise ConfigError("this is no id for a webhook", field="id", hint="a-z, 0-9, _ and -")
        check_url(asked.url)
        Sight(identity, frozenset(asked.topics))
        known = self._database.webhooks()
        before = next((one for one in known if one.id == webhook), None)
        if before is None and len(known) >= MAX_HOOKS:
            raise Refused(409, "web.webhooks", "there are too many webhooks", hint="delete some first")
        hook = Webhook(
            id=webhook,
            url=asked.url,
            topics=asked.topics,
            secret=before.secret if before is not None else secrets.token_urlsafe(32),
            account=identity.account.id,
            enabled=asked.enabled,
            created=before.created if before is not None else time.time(),
        )
        self._database.put_webhook(hook)
        self._hooks.changed()
        if before is not None:
            return answer(_shown(hook))
        return answer({**_shown(hook), "secret": hook.secret}, 201)

    def delete_webhook(self, identity: Identity, webhook: str) -> bottle.HTTPResponse:
        """Delete one with what it has not got yet."""
        needs(identity, Resource.WEBHOOKS, Action.MANAGE)
        self._database.webhook(webhook)
        self._database.delete_webhook(webhook)
        self._hooks.changed()
        return answer({"deleted": webhook})

    def deliveries(self, identity: Identity, webhook: str) -> bottle.HTTPResponse:
        """What a webhook got, and what waits and why."""
        needs(identity, Resource.WEBHOOKS, Action.READ)
        self._database.webhook(webhook)
        return answer(self._database.deliveries(webhook, _limit()))

    # -- certificate -----------------------------------------------------------------------------

    def certificate(self, identity: Identity) -> bottle.HTTPResponse:
        """The one in use."""
        needs(identity, Resource.CERTIFICATE, Action.READ)
        return answer(self._certificate.facts())

    def upload_certificate(self, identity: Identity) -> bottle.HTTPResponse:
        """Take another into use, at once and at the edge too."""
        needs(identity, Resource.CERTIFICATE, Action.CHANGE)
        asked = decode(Uploading, body_json(bottle.request), where="certificate")
        self._certificate.upload(asked.certificate, asked.key)
        self._tls.reload()
        self._edge()
        return answer(self._certificate.facts())

    def renew_certificate(self, identity: Identity) -> bottle.HTTPResponse:
        """Have the box make a new one by itself."""
        needs(identity, Resource.CERTIFICATE, Action.MANAGE)
        self._certificate.renew()
        self._tls.reload()
        self._edge()
        return answer(self._certificate.facts())


def _shown(hook: Webhook) -> dict[str, object]:
    return {
        "id": hook.id,
        "url": hook.url,
        "topics": hook.topics,
        "account": hook.account,
        "enabled": hook.enabled,
        "created": hook.created,
    }
