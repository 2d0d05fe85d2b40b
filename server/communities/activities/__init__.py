"""What communities say to other servers, and what other servers say to them."""
