"""Pages: Conversations."""
