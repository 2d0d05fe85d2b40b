"""Feature: what people need, whom one may ask today, and what is suggested to whom."""
