"""How safe a community feels to its members, in numbers of all alone (A20, B5)."""
