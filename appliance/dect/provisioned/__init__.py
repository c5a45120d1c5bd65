"""Bases that fetch files and cannot be asked anything: Gigaset, Yealink, Snom, Grandstream."""
