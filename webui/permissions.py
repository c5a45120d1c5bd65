"""The one table of rights: role × resource × action → whose things; a letter pair each.

R read, C change, M manage (create and delete); o own, t the team's too, a anybody's.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from appliance.model.accounts import Action, Grant, Resource, Role, Scope

_ACTIONS = {"R": Action.READ, "C": Action.CHANGE, "M": Action.MANAGE}
_SCOPES = {"o": Scope.OWN, "t": Scope.TEAM, "a": Scope.ANY}
_WIDTH = {Scope.OWN: 1, Scope.TEAM: 2, Scope.ANY: 3}
_ALL = "Ra Ca Ma"

_COLUMNS = (Role.USER, Role.TEAM, Role.OPERATOR, Role.ADMINISTRATOR, Role.EXTENDED_ADMINISTRATOR)
_ROWS: Mapping[Resource, tuple[str, str, str, str, str]] = {
    Resource.ACCOUNTS: ("Ro Co", "Ro Co", "Ro Co", _ALL, _ALL),
    Resource.AUDIO: ("Ra", "Ra", "Ra", _ALL, _ALL),
    Resource.BOX: ("", "", "Ra", "Ra", _ALL),
    Resource.CALLS: ("Ro Co", "Rt Co", "Ra Ca", "Ra Ca", _ALL),
    Resource.CERTIFICATE: ("", "", "", "Ra", _ALL),
    Resource.CONFERENCES: ("Ro Co Mo", "Ro Co Mo", "Ra Ca Mo", _ALL, _ALL),
    Resource.CONNECTIONS: ("", "", "", "Ra", _ALL),
    Resource.CONTACTS: ("Ro Co Mo", "Ro Co Mo", "Ro Co Mo", _ALL, _ALL),
    Resource.DEVICES: ("Ro Co Mo", "Ro Co Mo", "Ro Co Mo", _ALL, _ALL),
    Resource.EXTENSIONS: ("Ro Co", "Rt Co", "Ra Co", _ALL, _ALL),
    Resource.FAX: ("Ro Co Mo", "Ro Co Mo", "Ro Co Mo", _ALL, _ALL),
    Resource.FULL_NUMBERS: ("Ro", "Rt", "Ra", "Ro", "Ra"),
    Resource.HISTORY: ("", "", "", "Ra", _ALL),
    Resource.LOGINS: ("Ro", "Ro", "Ro", "Ra", _ALL),
    Resource.MAIL: ("", "", "", "Ra", _ALL),
    Resource.MOBILES: ("Ro Co Mo", "Ro Co Mo", "Ro Co Mo", _ALL, _ALL),
    Resource.NOTES: ("Ro Co Mo", "Ro Co Mo", "Ra Ca Ma", _ALL, _ALL),
    Resource.NOTIFICATIONS: ("Ro Co Mo", "Ro Co Mo", "Ro Co Mo", _ALL, _ALL),
    Resource.OFFICE: ("", "", "Ra", _ALL, _ALL),
    Resource.RECORDINGS: ("Ro Co Mo", "Ro Co Mo", "Ro Co Mo", _ALL, _ALL),
    Resource.RECORDS: ("Ro", "Rt", "Ra", "Ra", _ALL),
    Resource.REGISTRATIONS: ("Ro", "Rt", "Ra", _ALL, _ALL),
    Resource.SECRETS: ("", "", "", "", "Ra"),
    Resource.SECURITY: ("", "", "", "Ra Ca", _ALL),
    Resource.SMS: ("", "", "Ra Ca", "Ra Ca", _ALL),
    Resource.SWITCHES: ("", "", "Ra Ca", "Ra Ca", _ALL),
    Resource.TOKENS: ("Ro Mo", "Ro Mo", "Ro Mo", "Ro Mo", _ALL),
    Resource.VOICEMAIL: ("Ro Co Mo", "Ro Co Mo", "Ro Co Mo", _ALL, _ALL),
    Resource.WAKE_UPS: ("Ro Co Mo", "Ro Co Mo", "Ro Co Mo", _ALL, _ALL),
    Resource.WEBHOOKS: ("", "", "", _ALL, _ALL),
}
_LIKE = {Role.AGENT: Role.USER, Role.SUPERVISOR: Role.TEAM}
"""Roles whose pages come with queues have the rights of these until then."""
_RANK = {Role.ADMINISTRATOR: 1, Role.EXTENDED_ADMINISTRATOR: 2}


def of_role(role: Role) -> Mapping[tuple[Resource, Action], Scope]:
    """All rights of a role."""
    column = _COLUMNS.index(_LIKE.get(role, role))
    return {
        (resource, _ACTIONS[right[0]]): _SCOPES[right[1]]
        for resource, cells in _ROWS.items()
        for right in cells[column].split()
    }


def rank(role: Role) -> int:
    """Who may make whom: nobody gives a role of a higher rank than the own."""
    return _RANK.get(role, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rights:
    """What one account may, by its role and its groups."""

    scopes: Mapping[tuple[Resource, Action], Scope]

    def scope(self, resource: Resource, action: Action) -> Scope | None:
        """Whose things it may be done with; None: nobody's."""
        return self.scopes.get((resource, action))

    def covers(self, grant: Grant) -> bool:
        """Whether this grants nothing that is not had already."""
        held = self.scope(grant.resource, grant.action)
        return held is not None and _WIDTH[held] >= _WIDTH[grant.scope]

    def narrowed(self, allowed: Iterable[str]) -> "Rights":
        """Only what these token scopes name: ``records:read``, ``calls:*``, ``*:read``, ``*``."""
        words = set(allowed)

        def named(resource: Resource, action: Action) -> bool:
            return not words.isdisjoint({"*", f"{resource}:{action}", f"{resource}:*", f"*:{action}"})

        return Rights(scopes={key: scope for key, scope in self.scopes.items() if named(*key)})


def rights(role: Role, grants: Iterable[Grant]) -> Rights:
    """A role's rights and those granted on top: the wider scope counts."""
    scopes = dict(of_role(role))
    for grant in grants:
        key = (grant.resource, grant.action)
        held = scopes.get(key)
        if held is None or _WIDTH[grant.scope] > _WIDTH[held]:
            scopes[key] = grant.scope
    return Rights(scopes=scopes)


def is_token_scope(text: str) -> bool:
    """Whether a token may be given this scope."""
    resource, _, action = text.partition(":")
    if text == "*":
        return True
    return (resource == "*" or resource in set(Resource)) and (action == "*" or action in set(Action))
