"""Subjects as actors that anybody follows, on any server: they pass on the public practices of this one (M8)."""
