"""Pages: thanks and celebrations."""
