"""Whom the engine talks to: the own edge and fax engine, providers, other instances of the office."""

from appliance.model.documents import Srtp
from appliance.sip.accounts import EdgeAccount, FaxAccount, IncomingCall
from appliance.sip.library import Endpoint
from appliance.sip.nodes import NodeTable
from appliance.sip.settings import EngineSettings
from appliance.sip.trunks import TrunkTable


class Peers:
    """The accounts of them all, and where the two on this machine are. Engine thread only."""

    def __init__(self, *, edge: str, fax: str, trunks: TrunkTable, nodes: NodeTable) -> None:
        """``edge`` and ``fax``: host and port, as requests name their source."""
        self.edge_address = edge
        self.fax_address = fax
        self.edge: dict[Srtp, EdgeAccount] = {}
        """Empty, as is ``fax``, before :meth:`open` and after :meth:`drop`."""
        self.fax: FaxAccount | None = None
        self.trunks = trunks
        self.nodes = nodes

    def open(self, settings: EngineSettings, endpoint: Endpoint, core: int, incoming: IncomingCall) -> None:
        """Make the accounts of those on this machine; ``core``: their transport."""
        for srtp in Srtp:
            self.edge[srtp] = EdgeAccount(settings, srtp, core, incoming)
        self.fax = FaxAccount(settings, core, incoming)
        self.nodes.open(endpoint, core)

    def move(self, settings: EngineSettings) -> None:
        """Announce sound at another address from the next call on."""
        for account in self.edge.values():
            account.move(settings)
        self.trunks.move(settings)

    def tick(self, now: int) -> None:
        """Do what is due; about once a second, ``now`` in ms of the engine's clock."""
        self.trunks.tick(now)
        self.nodes.tick(now)

    def close(self) -> None:
        """Unregister everywhere; answers still come."""
        self.trunks.close()
        self.nodes.close()

    def drop(self) -> None:
        """Let go of every account; the library ends."""
        self.trunks.drop()
        self.nodes.drop()
        self.edge.clear()
        self.fax = None
