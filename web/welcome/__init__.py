"""The front page and the first visit."""
