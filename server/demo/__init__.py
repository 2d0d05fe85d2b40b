"""The demo: three organisations with people in them, plainly fictional, federating in one process."""
