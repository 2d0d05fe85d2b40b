"""Pages: what people need, asking today, and what is suggested."""
