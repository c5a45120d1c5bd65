"""Where a call goes: by which account, to what address, with the headers that its peer wants to see."""

from dataclasses import dataclass, replace

from appliance.model import effects as fx
from appliance.model.causes import Cause
from appliance.sip.accounts import EdgeAccount, FaxAccount
from appliance.sip.headers import escape_user
from appliance.sip.nodes import NodeAccount
from appliance.sip.nodes import identity as node_identity
from appliance.sip.peers import Peers
from appliance.sip.trunk_account import TrunkAccount
from appliance.sip.trunk_profiles import (
    Identity,
    diversion_headers,
    history_headers,
    identity_for_device,
    identity_for_trunk,
)

AUTO_ANSWER = (
    ("Call-Info", "<sip:ortsamt.invalid>;answer-after=0"),
    ("Alert-Info", "<http://127.0.0.1>;info=alert-autoanswer;delay=0"),
)
"""How phones are asked to answer by themselves; vendors read one or the other."""
RING = {
    outside: ("Alert-Info", f"<http://127.0.0.1>;info=alert-{word}")
    for outside, word in ((False, "internal"), (True, "external"))
}
"""How phones tell calls of colleagues from others; which tone that is, they are told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How a peer is called. Engine thread only; not kept, or its account could not be let go."""

    account: EdgeAccount | TrunkAccount | FaxAccount | NodeAccount
    uri: str
    identity: Identity


class Directory:
    """Finds the way to every endpoint that SIP reaches."""

    def __init__(self, peers: Peers) -> None:
        self._peers = peers

    def way(self, effect: fx.Originate, address: str) -> Way | Cause | None:
        """The way to an endpoint, why there is none, None: SIP reaches no such; ``address``: our own."""
        match effect.endpoint:
            case fx.ToDevice(username=username, srtp=srtp):
                identity = identity_for_device(effect.present, address)
                history = diversion_headers(effect.diverted, address) if effect.diverted else ()
                ring = AUTO_ANSWER if effect.auto_answer else (RING[effect.outside],)
                return Way(
                    account=self._peers.edge[srtp],
                    uri=f"sip:{escape_user(username)}@{self._peers.edge_address}",
                    identity=replace(identity, headers=(*identity.headers, *history, *ring)),
                )
            case fx.ToFax(box=box, relay=relay):
                account = self._peers.fax
                if account is None:
                    return Cause.FAILURE
                identity = identity_for_device(effect.present, "127.0.0.1")
                if relay:
                    identity = replace(identity, headers=(*identity.headers, ("X-Fax-Relay", relay)))
                return Way(
                    account=account,
                    uri=f"sip:{escape_user(box)}@{self._peers.fax_address}",
                    identity=identity,
                )
            case fx.ToTrunk(handed=handed) if handed is not None:
                node = self._peers.nodes.way_to(handed.node)
                if node is None:
                    return Cause.TIMEOUT
                return Way(account=node, uri=node.to, identity=node_identity(effect, handed, address))
            case fx.ToTrunk(trunk=trunk):
                found = self._peers.trunks.get(trunk)
                return Cause.NO_ROUTE if found is None else way_by_trunk(effect, found)
            case fx.ToAnalog() | fx.ToHandset():
                return None


def way_by_trunk(effect: fx.Originate, account: TrunkAccount) -> Way:
    """The way by a trunk, as its provider wants to be told who calls."""
    dial = effect.endpoint.dial if isinstance(effect.endpoint, fx.ToTrunk) else ""
    host = account.identity_host
    identity = identity_for_trunk(account.profile, effect.present, account.trunk.username, host)
    if effect.diverted:
        history = history_headers(account.profile, effect.diverted, dial, host)
        identity = replace(identity, headers=(*identity.headers, *history))
    return Way(account=account, uri=account.uri(dial), identity=identity)
