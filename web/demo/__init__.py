"""The guided tour of the demo network; no other installation has these pages."""
