"""A certified OpenID Connect provider beside us."""
