"""Hashtags: whom they bring what, and which are much used."""
