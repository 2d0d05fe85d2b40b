"""Feature: what people sign in with besides a password, and show that it is them with."""
