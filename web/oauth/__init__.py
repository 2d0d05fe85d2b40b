"""The page that asks whether an app may come in, and the list of those that have."""
