"""What this server says about privacy, acceptable use and accessibility."""
