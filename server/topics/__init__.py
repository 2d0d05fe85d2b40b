"""Topics inside a community (D11)."""
