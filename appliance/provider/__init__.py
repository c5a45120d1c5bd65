"""An emulated SIP provider: registrar, public network and outside callers for the demo and the tests.

It shares no code with the engine it talks to: its SIP is its own, small and plain, so that a mistake of
ours is not answered by the same mistake. Everything runs on one asyncio loop in a process of its own.
"""
