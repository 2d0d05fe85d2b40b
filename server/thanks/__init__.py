"""Feature: thanks for something that somebody did, and celebrating together."""
