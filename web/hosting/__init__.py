"""Pages of who does what: roles of meetings, newcomers, and the desk of those who look after a community."""
