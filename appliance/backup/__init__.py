"""Backup and restore: one encrypted file, restorable to another box, whole or in part."""
