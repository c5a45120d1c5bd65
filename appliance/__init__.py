"""Ortsamt: the firmware of an on-premise PBX box."""
