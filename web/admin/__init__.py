"""Running this server."""
