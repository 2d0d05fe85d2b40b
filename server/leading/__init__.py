"""What those who lead an organisation see: sums, and nothing of anybody (N1)."""
