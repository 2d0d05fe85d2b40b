"""Signing in with the provider of the organisation."""
