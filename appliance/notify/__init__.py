"""Telling people by mail what happened at their extension: rules, letters, a queue on disk, the relay."""
