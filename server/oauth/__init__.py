"""OAuth 2: what apps may do for the people who let them in (RFC 6749, RFC 7636, RFC 8414)."""
