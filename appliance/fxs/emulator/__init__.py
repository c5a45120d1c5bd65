"""Emulated equipment of analog ports: telephone and cards, the other side of the drivers."""
