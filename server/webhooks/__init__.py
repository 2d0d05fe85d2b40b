"""Telling the chat rooms of an organisation what is public in a community (N7)."""
