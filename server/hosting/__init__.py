"""Who does what in a community: roles that go round, newcomers who are greeted, and what to do next."""
