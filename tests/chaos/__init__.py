"""Faults, seeded and repeatable, and what must hold whatever happens (`make chaos`)."""
