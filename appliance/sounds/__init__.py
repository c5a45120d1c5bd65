"""Own recordings: uploading, converting, speaking, keeping."""
