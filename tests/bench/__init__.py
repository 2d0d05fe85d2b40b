"""`python -m tests.bench`: one instance as people run it, measured from outside."""
