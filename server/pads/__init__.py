"""Shared notes: several people write, section by section, and nothing of it leaves this server."""
