"""Guest pass: people of other servers come in with their account there, and read and answer where they are members."""
