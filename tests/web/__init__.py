"""Tests of web: pages, forms and the interface."""
