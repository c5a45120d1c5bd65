"""Voice applications: dialogues as tables, and the runner that carries them out."""
