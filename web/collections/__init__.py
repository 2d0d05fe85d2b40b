"""Pages: Collections, and what somebody saved."""
