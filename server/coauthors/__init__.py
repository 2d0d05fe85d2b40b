"""Practices that people of several servers write together: one home, and everybody credited."""
