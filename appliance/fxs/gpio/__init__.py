"""Line circuits (SLIC) on pins, with a codec as a sound card: pins, ringing, line, emulated board."""
