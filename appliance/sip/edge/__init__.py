"""The SIP edge: Kamailio rendered from our settings, reached from Python over evapi.

Processes: ``run.exec_edge(settings)`` becomes Kamailio; ``link.EdgeLink`` lives in the core. They meet in
``core_listen`` (SIP, UDP, from ``core_address`` only) and ``evapi_port``.

Towards the core every new request carries ``X-Edge-Src: ip:port;transport``, ``X-Edge-Ext`` (the extension
it may act for) and ``X-Edge-User`` (the account that proved its password; missing when an emergency call was
let through by its address alone). What phones send under ``X-Edge-`` is removed.

From the core: INVITE (or any other request) to ``sip:<extension>@anything`` at ``core_listen`` goes to every
contact; ``X-Edge-Contact: <contact uri>`` calls one alone. ``480`` or ``404`` of the edge itself carry
``X-Edge-Reason: unregistered`` or ``unknown``. The core must not switch to TCP for long messages.
"""
