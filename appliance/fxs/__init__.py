"""Analog ports: what happens on a line, what it means, the equipment behind it and its emulators."""
