"""The box as a machine: two slots of software, updates, health, what is shown when nothing else works."""
