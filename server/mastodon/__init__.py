"""Client API: an adapter that reads queries and calls actions, in the shapes of the Mastodon client API."""
