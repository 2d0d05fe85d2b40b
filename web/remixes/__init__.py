"""Pages: Remixes."""
