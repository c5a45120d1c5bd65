"""GSM and LTE modules as trunks: AT dialogue, calls, SMS, health, and the emulators that prove it."""
