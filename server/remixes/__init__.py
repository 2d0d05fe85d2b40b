"""Remixes: practices made out of practices, and where they come from."""
