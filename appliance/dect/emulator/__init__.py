"""Emulated bases and handsets: what they do on the air, as SIP phones, and what a user does with them."""
