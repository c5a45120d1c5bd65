"""DECT: drivers behind the seam ``ports.DectSystem``, and emulated systems beside them."""
