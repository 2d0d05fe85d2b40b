"""People who come in with their account on another server."""
