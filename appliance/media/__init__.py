"""What legs hear: the bridge, tones, prompts and music."""
