"""Strict stand-ins for the parsers of other systems, written from the rules of the wire profile.

Each says what its system would refuse of what we send and serve. `watch` puts them between all servers of a test.
"""
