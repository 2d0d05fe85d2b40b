"""The version of this Peerhall."""

from importlib.metadata import version

VERSION = version("peerhall")
