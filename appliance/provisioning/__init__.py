"""Phones and apps get their settings from the box."""
