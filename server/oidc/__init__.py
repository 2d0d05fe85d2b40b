"""Accounts that come from elsewhere: signing in with the provider of an organisation (OpenID Connect)."""
