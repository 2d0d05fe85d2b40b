"""How people like to work together (B16), what they did together (A15), and who leads whom (A10)."""
